package load

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// User is a virtual user. One goroutine uses it at a time.
type User interface {
	// Request appends the next request to b.
	Request(b []byte) []byte
	// Take reads the answer to it. An error is a failure of the server: it is counted, and the user goes on.
	Take(Answer) error
}

// Result is what a run has measured.
type Result struct {
	Answers   int           // that were right and came while it was measured
	Errors    int           // all others
	Err       error         // the first of them
	Elapsed   time.Duration // of the measured part
	latencies []time.Duration
}

// Rate is answers per second.
func (r Result) Rate() float64 { return float64(r.Answers) / r.Elapsed.Seconds() }

// Latency returns the time within which this part of the answers came, from asking to the last byte.
func (r Result) Latency(part float64) time.Duration {
	if len(r.latencies) == 0 {
		return 0
	}
	return r.latencies[min(int(part*float64(len(r.latencies))), len(r.latencies)-1)]
}

// Run has all users ask at the same time for as long as it says; what comes in the warm-up before is not counted. It
// fails where a server cannot be reached or no answer is right.
func Run(address string, users []User, warmUp, length time.Duration) (Result, error) {
	conns := make([]*conn, len(users))
	for i := range users {
		c, err := dial(address)
		if err != nil {
			return Result{}, err
		}
		defer c.Close()
		conns[i] = c
	}
	from := time.Now().Add(warmUp)
	until := from.Add(length)
	results := make([]Result, len(users))
	var all sync.WaitGroup
	for i, u := range users {
		all.Go(func() { results[i] = drive(conns[i], u, from, until) })
	}
	all.Wait()
	total := Result{Elapsed: length}
	for _, r := range results {
		total.Answers += r.Answers
		total.Errors += r.Errors
		total.latencies = append(total.latencies, r.latencies...)
		if total.Err == nil {
			total.Err = r.Err
		}
	}
	slices.Sort(total.latencies)
	if total.Answers == 0 {
		return total, errors.Join(errors.New("no answer was right"), total.Err)
	}
	return total, nil
}

// drive has one user ask until the time is over. A connection that fails is the end of its user.
func drive(c *conn, u User, from, until time.Time) (r Result) {
	var request []byte
	for {
		request = u.Request(request[:0])
		begun := time.Now()
		a, err := c.ask(request)
		ended := time.Now()
		failed := err != nil
		if !failed {
			err = u.Take(a)
		}
		if ended.After(until) {
			return r
		}
		if err != nil {
			r.Errors++
			if r.Err == nil {
				r.Err = fmt.Errorf("status %d: %w", a.Status, err)
			}
			if failed {
				return r
			}
			continue
		}
		if ended.After(from) {
			r.Answers++
			r.latencies = append(r.latencies, ended.Sub(begun))
		}
	}
}
