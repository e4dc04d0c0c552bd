package main

import (
	"runtime"
	"time"
)

// crew does work on threads of the lowest priority.
//
// A password hash takes a processor for 20 milliseconds at a time, and Go's scheduler knows no priorities: whoever comes
// next waits. The kernel does know them. The threads get processors of Go's own (GOMAXPROCS) on top of the others, or
// the kernel would hold back a thread that holds one which a refresh needs.
//
// Measured with sixteen people who refresh while thirty-two sign in, on two processors: the slowest hundredth of the
// refreshes took 8 ms instead of 50, and 5 where nobody signed in.
type crew struct{ works chan func() }

func newCrew() crew { return crew{make(chan func())} }

// do has one of the crew do the work, and returns when it is done. Until the crew is hired it waits.
func (c crew) do(work func()) {
	done := make(chan any)
	c.works <- func() {
		defer func() { done <- recover() }()
		work()
	}
	if panicked := <-done; panicked != nil {
		panic(panicked) // where somebody turns it into an answer, and not where it ends the server
	}
}

// hire starts n threads. One of several takes on no work while busy reports true: no priority keeps one processor out of
// the caches of the other. What it returns ends them when no work is left.
func (c crew) hire(n int, busy func() bool) (dismiss func()) {
	processors := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(processors + n)
	for range n - 1 {
		go c.serve(func() bool { return false })
	}
	go c.serve(func() bool { return n > 1 && busy() })
	return func() {
		close(c.works)
		runtime.GOMAXPROCS(processors)
	}
}

// restLength is about as long as one hash takes.
const restLength = 20 * time.Millisecond

func (c crew) serve(rests func() bool) {
	lowerPriority()
	for {
		for rests() {
			time.Sleep(restLength)
		}
		work, more := <-c.works
		if !more {
			return
		}
		work()
	}
}
