// Command load sends requests at a constant rate and tells what users saw:
//
//	load [-header 'NAME: VALUE']... URL RPS SECONDS
//
// Half of the requests use a fresh connection each and half kept-alive ones, since a release can break either kind alone.
// The header Host names the host to ask for, where that is not the one of the URL. It prints {"ready":true} to stderr once the first answer came, and one JSON object to stdout at the end. SIGTERM or
// SIGINT ends it early, with its result. Times are seconds since the start.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/bits"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const shownFailures = 20

// How long a user waits: a connection to a pod that is gone never gets an answer, a busy machine gives one late.
const patience = 10 * time.Second

type seen struct {
	At      float64 `json:"at"`
	Version string  `json:"version"`
}

type failure struct {
	At      float64 `json:"at"`
	Why     string  `json:"why"`
	Version string  `json:"version"`
}

// second holds the answers to the requests that were sent in it, by version.
type second struct {
	Fresh map[string]int `json:"fresh"`
	Kept  map[string]int `json:"kept"`
}

type result struct {
	StartedAt       int64          `json:"startedAt"` // Unix time in milliseconds
	Total           int            `json:"total"`
	Failed          int            `json:"failed"`
	Versions        map[string]int `json:"versions"`
	FailedByVersion map[string]int `json:"failedByVersion"` // "" is no answer at all
	FirstSeen       []seen         `json:"firstSeen"`
	LastSeen        []*seen        `json:"lastSeen"`
	FirstFailureAt  *float64       `json:"firstFailureAt"`
	LastFailureAt   *float64       `json:"lastFailureAt"`
	MaxMs           float64        `json:"maxMs"`
	Failures        []failure      `json:"failures"`
	Seconds         []second       `json:"seconds"`

	mutex   sync.Mutex
	started time.Time
	ready   sync.Once
}

// user sends requests over one kind of connection.
type user struct {
	client *http.Client
	fresh  bool
}

func main() {
	headers := http.Header{}
	flag.Func("header", "a header of every request, 'NAME: VALUE'", func(text string) error { return addHeader(headers, text) })
	flag.Parse()
	if flag.NArg() != 3 {
		fail("usage: load [-header 'NAME: VALUE']... URL RPS SECONDS")
	}
	request, err := http.NewRequest(http.MethodGet, flag.Arg(0), nil)
	if err != nil {
		fail(err.Error())
	}
	// Go takes the host from a field of its own, and none from the headers.
	request.Header, request.Host = headers, headers.Get("Host")
	rate, err := strconv.ParseFloat(flag.Arg(1), 64)
	if err != nil || rate <= 0 {
		fail("RPS is no positive number: " + flag.Arg(1))
	}
	seconds, err := strconv.ParseFloat(flag.Arg(2), 64)
	if err != nil {
		fail("SECONDS is no number: " + flag.Arg(2))
	}
	end, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	if err := json.NewEncoder(os.Stdout).Encode(run(end, request, rate, seconds)); err != nil {
		fail(err.Error())
	}
}

func addHeader(headers http.Header, text string) error {
	name, value, found := strings.Cut(text, ":")
	if !found {
		return errors.New("not of the form 'NAME: VALUE'")
	}
	headers.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	return nil
}

func fail(message string) {
	fmt.Fprintln(os.Stderr, message)
	os.Exit(2)
}

func run(end context.Context, request *http.Request, rate, seconds float64) *result {
	users := []user{
		{&http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}, false},
		{&http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}, true},
	}
	now := time.Now()
	res := &result{
		StartedAt: now.UnixMilli(), Versions: map[string]int{}, FailedByVersion: map[string]int{},
		FirstSeen: []seen{}, LastSeen: []*seen{}, Failures: []failure{}, Seconds: []second{}, started: now,
	}
	var running sync.WaitGroup
	for n := range int(rate * seconds) {
		// Due times are counted from the start, so that a late request does not slow the rate down.
		due := now.Add(time.Duration(float64(n) / rate * float64(time.Second)))
		select {
		case <-end.Done():
		case <-time.After(time.Until(due)):
		}
		if end.Err() != nil {
			break
		}
		// Not in turn: a gateway that sends every tenth request to the canary would send it requests of one kind alone.
		sender := users[bits.OnesCount(uint(n))%2]
		running.Go(func() { res.send(sender, request) })
	}
	running.Wait()
	return res
}

func (r *result) send(by user, request *http.Request) {
	sent := time.Now()
	answer, err := by.client.Do(request.Clone(context.Background()))
	if err != nil {
		r.add(sent, time.Now(), by, "", err.Error())
		return
	}
	defer answer.Body.Close()
	r.ready.Do(func() { fmt.Fprintln(os.Stderr, `{"ready":true}`) })
	why := complaint(answer)
	r.add(sent, time.Now(), by, answer.Header.Get("X-Version"), why)
}

// complaint tells why an answer is a failure; it is none if that is empty.
func complaint(answer *http.Response) string {
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err.Error()
	}
	if answer.StatusCode != http.StatusOK {
		return answer.Status
	}
	return ""
}

func (r *result) add(sent, answered time.Time, by user, version, why string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.Total++
	r.MaxMs = max(r.MaxMs, float64(answered.Sub(sent).Microseconds())/1000)
	if version != "" {
		r.see(version, answered.Sub(r.started).Seconds())
		r.count(version, int(sent.Sub(r.started).Seconds()), by)
	}
	if why == "" {
		return
	}
	at := sent.Sub(r.started).Seconds()
	r.Failed++
	r.FailedByVersion[version]++
	if r.FirstFailureAt == nil || at < *r.FirstFailureAt {
		r.FirstFailureAt = &at
	}
	if r.LastFailureAt == nil || at > *r.LastFailureAt {
		r.LastFailureAt = &at
	}
	if len(r.Failures) < shownFailures {
		r.Failures = append(r.Failures, failure{at, why, version})
	}
}

func (r *result) see(version string, at float64) {
	if r.Versions[version]++; r.Versions[version] == 1 {
		r.FirstSeen = append(r.FirstSeen, seen{at, version})
		r.LastSeen = append(r.LastSeen, &seen{at, version})
		return
	}
	for _, last := range r.LastSeen {
		if last.Version == version {
			last.At = at
		}
	}
}

func (r *result) count(version string, at int, by user) {
	for len(r.Seconds) <= at {
		r.Seconds = append(r.Seconds, second{map[string]int{}, map[string]int{}})
	}
	if by.fresh {
		r.Seconds[at].Fresh[version]++
	} else {
		r.Seconds[at].Kept[version]++
	}
}
