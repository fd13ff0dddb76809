package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

var bounds = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}

// metrics counts requests in the two series that an analysis reads. Written by hand, because a client library would be
// the workload's only dependency.
type metrics struct {
	mutex   sync.Mutex
	codes   map[int]int
	buckets []int // requests at most as long as the bound with the same index, and longer than the one before
	total   int
	seconds float64
}

// Both codes are there from the first scrape on: a rate needs a first sample, even of a thing that did not happen yet.
func newMetrics() *metrics {
	return &metrics{codes: map[int]int{200: 0, 500: 0}, buckets: make([]int, len(bounds))}
}

func (m *metrics) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		answer := &recorder{ResponseWriter: w, code: http.StatusOK}
		next.ServeHTTP(answer, r)
		m.add(answer.code, time.Since(started).Seconds())
	})
}

func (m *metrics) add(code int, seconds float64) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.codes[code]++
	m.total++
	m.seconds += seconds
	if i, _ := slices.BinarySearch(bounds, seconds); i < len(bounds) {
		m.buckets[i]++
	}
}

func (m *metrics) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	fmt.Fprintln(w, "# TYPE http_requests_total counter")
	for _, code := range slices.Sorted(maps.Keys(m.codes)) {
		fmt.Fprintf(w, "http_requests_total{code=\"%d\"} %d\n", code, m.codes[code])
	}
	fmt.Fprintln(w, "# TYPE http_request_duration_seconds histogram")
	upTo := 0
	for i, bound := range bounds {
		upTo += m.buckets[i]
		fmt.Fprintf(w, "http_request_duration_seconds_bucket{le=\"%g\"} %d\n", bound, upTo)
	}
	fmt.Fprintf(w, "http_request_duration_seconds_bucket{le=\"+Inf\"} %d\n", m.total)
	fmt.Fprintf(w, "http_request_duration_seconds_sum %g\n", m.seconds)
	fmt.Fprintf(w, "http_request_duration_seconds_count %d\n", m.total)
}

// recorder remembers the status code of an answer.
type recorder struct {
	http.ResponseWriter
	code int
}

func (r *recorder) WriteHeader(code int) {
	r.code = code
	r.ResponseWriter.WriteHeader(code)
}
