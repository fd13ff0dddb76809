// Command load sends requests at a constant rate and tells what users saw:
//
//	load URL RPS SECONDS
//
// Half of the requests use a fresh connection each and half kept-alive ones, since a release can break either kind alone.
// It prints {"ready":true} to stderr once the first answer came, and one JSON object to stdout at the end. SIGTERM or
// SIGINT ends it early, with its result. Times are seconds since the start.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const shownFailures = 20

type seen struct {
	At      float64 `json:"at"`
	Version string  `json:"version"`
}

type failure struct {
	At      float64 `json:"at"`
	Why     string  `json:"why"`
	Version string  `json:"version"`
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

	mutex   sync.Mutex
	started time.Time
	ready   sync.Once
}

func main() {
	if len(os.Args) != 4 {
		fail("usage: load URL RPS SECONDS")
	}
	rate, err := strconv.ParseFloat(os.Args[2], 64)
	if err != nil || rate <= 0 {
		fail("RPS is no positive number: " + os.Args[2])
	}
	seconds, err := strconv.ParseFloat(os.Args[3], 64)
	if err != nil {
		fail("SECONDS is no number: " + os.Args[3])
	}
	end, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	if err := json.NewEncoder(os.Stdout).Encode(run(end, os.Args[1], rate, seconds)); err != nil {
		fail(err.Error())
	}
}

func fail(message string) {
	fmt.Fprintln(os.Stderr, message)
	os.Exit(2)
}

func run(end context.Context, url string, rate, seconds float64) *result {
	clients := []*http.Client{
		{Timeout: 5 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
		{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}},
	}
	now := time.Now()
	res := &result{
		StartedAt: now.UnixMilli(), Versions: map[string]int{}, FailedByVersion: map[string]int{},
		FirstSeen: []seen{}, LastSeen: []*seen{}, Failures: []failure{}, started: now,
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
		running.Go(func() { res.request(clients[n%2], url) })
	}
	running.Wait()
	return res
}

func (r *result) request(client *http.Client, url string) {
	sent := time.Now()
	answer, err := client.Get(url)
	if err != nil {
		r.add(sent, time.Now(), "", err.Error())
		return
	}
	defer answer.Body.Close()
	r.ready.Do(func() { fmt.Fprintln(os.Stderr, `{"ready":true}`) })
	why := complaint(answer)
	r.add(sent, time.Now(), answer.Header.Get("X-Version"), why)
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

func (r *result) add(sent, answered time.Time, version, why string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.Total++
	r.MaxMs = max(r.MaxMs, float64(answered.Sub(sent).Microseconds())/1000)
	if version != "" {
		r.see(version, answered.Sub(r.started).Seconds())
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
