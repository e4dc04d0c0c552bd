package main

import (
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

func TestHashesRunAsideOnThreadsOfLowPriority(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	run, stop := aside(2)
	if got := runtime.GOMAXPROCS(0); got != before+2 {
		t.Errorf("%d processors beside threads for two hashes, want %d", got, before+2)
	}
	var done, running, most atomic.Int64
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			run(func() {
				now := running.Add(1)
				for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
				}
				// The system call counts down from 20.
				if priority, err := syscall.Getpriority(syscall.PRIO_PROCESS, syscall.Gettid()); err != nil || priority != 20-19 {
					t.Errorf("priority %d, %v", priority, err)
				}
				running.Add(-1)
				done.Add(1)
			})
		})
	}
	all.Wait()
	if done.Load() != 50 || most.Load() > 2 {
		t.Errorf("%d of 50 were done, %d at once", done.Load(), most.Load())
	}
	func() {
		defer func() {
			if p := recover(); p != "oh" {
				t.Errorf("a panic came back as %v", p)
			}
		}()
		run(func() { panic("oh") })
	}()
	stop()
	if got := runtime.GOMAXPROCS(0); got != before {
		t.Errorf("%d processors afterwards, want %d", got, before)
	}
	if priority, err := syscall.Getpriority(syscall.PRIO_PROCESS, syscall.Gettid()); err != nil || priority != 20 {
		t.Errorf("somebody else's thread has priority %d, %v", priority, err)
	}
}
