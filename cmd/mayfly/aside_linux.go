package main

import (
	"runtime"
	"syscall"
)

// aside starts n threads of the lowest priority and returns what runs work on one of them, and what ends them when no
// work is left.
//
// A password hash takes a processor for 20 milliseconds at a time, and Go's scheduler knows no priorities: whoever comes
// next waits. The kernel does know them. The threads get processors of Go's own (GOMAXPROCS) on top of the others, or
// the kernel would hold back a thread that holds one which a refresh needs.
//
// Measured with sixteen people who refresh while thirty-two sign in, on two processors: the slowest hundredth of the
// refreshes took 8 ms instead of 50, and 5 where nobody signed in.
func aside(n int) (run func(work func()), stop func()) {
	processors := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(processors + n)
	works := make(chan func())
	for range n {
		go func() {
			runtime.LockOSThread() // for ever: a thread never rises again, so it ends with its goroutine
			const lowest = 19
			// Where even that is forbidden the work is done all the same.
			_ = syscall.Setpriority(syscall.PRIO_PROCESS, syscall.Gettid(), lowest)
			for work := range works {
				work()
			}
		}()
	}
	run = func(work func()) {
		done := make(chan any)
		works <- func() {
			defer func() { done <- recover() }()
			work()
		}
		if panicked := <-done; panicked != nil {
			panic(panicked) // where somebody turns it into an answer, and not where it ends the server
		}
	}
	stop = func() {
		close(works)
		runtime.GOMAXPROCS(processors)
	}
	return run, stop
}
