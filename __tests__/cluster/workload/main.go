// Command workload is the application that the tests release. Environment variables make it behave well or badly:
//
//	VERSION         what / answers, and the header X-Version of every answer
//	START_DELAY_MS  /health answers 503 until so much time has passed
//	NEVER_READY     if 1, /health always answers 503
//	ERROR_RATE      share of the requests to / that fail with 500, from 0 to 1
//	SLOW_MS         how long / takes
//	LATENCY_MS      median of how long / takes besides, lognormal; the next five count with it alone
//	POD_SPREAD      by how much pods differ in that: the standard deviation of its logarithm
//	TAIL            share of the requests that take 4 times as long
//	COLD_SECONDS    since a pod's first request, while each takes
//	COLD_TIMES      times as long
//	INCIDENT        300/30/0.2: every 300 s by the clock, for 30 s, a fifth of the requests fails, in all versions alike
//	DRAIN_MS        how long it serves on after SIGTERM, before it shuts down gracefully
//	PRE_LOG         text that is logged first
//	CRASH           text that is logged as the reason of an immediate exit with code 1
//
// "workload pause" does nothing until it is told to end: the process of a pod's sandbox.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	end, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	if len(os.Args) > 1 && os.Args[1] == "pause" {
		<-end.Done()
		return
	}
	if text := os.Getenv("PRE_LOG"); text != "" {
		fmt.Fprintln(os.Stderr, text)
	}
	if text := os.Getenv("CRASH"); text != "" {
		crash(text)
	}
	serve(end)
}

func crash(text string) {
	log.Printf("starting version %s", os.Getenv("VERSION"))
	for line := range strings.Lines(text) {
		log.Printf("fatal: %s", strings.TrimSuffix(line, "\n"))
	}
	log.Print("exiting with code 1")
	os.Exit(1)
}

func serve(end context.Context) {
	server := &http.Server{Addr: ":8080", Handler: handler()}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-end.Done()
		// Until every kube-proxy has heard that the pod ends, new connections still come.
		time.Sleep(milliseconds(os.Getenv("DRAIN_MS")))
		deadline, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		server.Shutdown(deadline)
	}()
	log.Printf("serving version %s at %s", os.Getenv("VERSION"), server.Addr)
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		log.Fatal(err)
	}
	<-stopped
}

func handler() http.Handler {
	user := http.NewServeMux()
	user.HandleFunc("/", home(newNoise()))
	user.HandleFunc("POST /echo", echo)
	user.HandleFunc("/slow", slow)
	user.HandleFunc("/status/{code}", status)

	// Probes and scrapes are no user requests, so only the rest is counted.
	requests := newMetrics()
	all := http.NewServeMux()
	all.HandleFunc("/health", health(time.Now()))
	all.Handle("/metrics", requests)
	all.Handle("/", requests.count(user))
	return versioned(all)
}

func versioned(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Version", os.Getenv("VERSION"))
		next.ServeHTTP(w, r)
	})
}

func health(started time.Time) http.HandlerFunc {
	delay := milliseconds(os.Getenv("START_DELAY_MS"))
	return func(w http.ResponseWriter, _ *http.Request) {
		if os.Getenv("NEVER_READY") == "1" || time.Since(started) < delay {
			http.Error(w, "starting", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	}
}

func home(noise *noise) http.HandlerFunc {
	slow, rate := milliseconds(os.Getenv("SLOW_MS")), number("ERROR_RATE")
	return func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(slow + noise.duration())
		if noise.fails() || rand.Float64() < rate {
			http.Error(w, "failed on purpose", http.StatusInternalServerError)
			return
		}
		fmt.Fprintln(w, os.Getenv("VERSION"))
	}
}

// echo shows a smoke test's request as it arrived.
func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{"headers": r.Header, "body": string(body)})
}

func slow(w http.ResponseWriter, r *http.Request) {
	time.Sleep(milliseconds(r.URL.Query().Get("ms")))
	fmt.Fprintln(w, os.Getenv("VERSION"))
}

func status(w http.ResponseWriter, r *http.Request) {
	code, err := strconv.Atoi(r.PathValue("code"))
	if err != nil || code < 200 || code > 599 {
		code = http.StatusBadRequest
	}
	w.WriteHeader(code)
}

// milliseconds reads a number of milliseconds; anything else is none.
func milliseconds(text string) time.Duration {
	number, _ := strconv.ParseFloat(text, 64)
	return time.Duration(number * float64(time.Millisecond))
}
