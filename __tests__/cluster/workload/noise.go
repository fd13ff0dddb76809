package main

import (
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// noise is what makes the durations and errors of real pods differ though their versions do not.
type noise struct {
	median   float64 // milliseconds; 0 for none
	pod      float64 // what this pod takes beside others
	tail     float64 // share of the requests that take 4 times as long
	cold     time.Duration
	times    float64 // what a request takes while the pod is cold
	incident incident
	first    atomic.Int64 // nanoseconds since the epoch; 0 before the first request
}

// incident is a dependency of all versions that is down now and then, by the clock of the machine.
type incident struct {
	every, length int64 // seconds
	share         float64
}

func newNoise() *noise {
	return &noise{
		median:   number("LATENCY_MS"),
		pod:      math.Exp(number("POD_SPREAD") * rand.NormFloat64()),
		tail:     number("TAIL"),
		cold:     time.Duration(number("COLD_SECONDS") * float64(time.Second)),
		times:    number("COLD_TIMES"),
		incident: readIncident(os.Getenv("INCIDENT")),
	}
}

// duration is that of one request: lognormal, as those of most services are.
func (n *noise) duration() time.Duration {
	if n.median == 0 {
		return 0
	}
	n.first.CompareAndSwap(0, time.Now().UnixNano())
	took := n.median * n.pod * math.Exp(0.5*rand.NormFloat64())
	if rand.Float64() < n.tail {
		took *= 4
	}
	if time.Since(time.Unix(0, n.first.Load())) < n.cold {
		took *= n.times
	}
	return time.Duration(took * float64(time.Millisecond))
}

// fails tells whether the dependency fails a request.
func (n *noise) fails() bool {
	every, length, share := n.incident.every, n.incident.length, n.incident.share
	return every > 0 && time.Now().Unix()%every < length && rand.Float64() < share
}

// readIncident reads "300/30/0.2": every 300 s for 30 s a fifth of the requests.
func readIncident(text string) incident {
	parts := strings.Split(text, "/")
	if len(parts) != 3 {
		return incident{}
	}
	every, _ := strconv.ParseInt(parts[0], 10, 64)
	length, _ := strconv.ParseInt(parts[1], 10, 64)
	share, _ := strconv.ParseFloat(parts[2], 64)
	return incident{every, length, share}
}

func number(name string) float64 {
	value, _ := strconv.ParseFloat(os.Getenv(name), 64)
	return value
}
