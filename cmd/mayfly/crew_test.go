package main

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func never() bool { return false }

func TestACrewDoesAllWorkAndNoMoreAtOnceThanItIs(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	c := newCrew()
	dismiss := c.hire(2, never)
	if got := runtime.GOMAXPROCS(0); got != before+2 {
		t.Errorf("%d processors beside two threads, want %d", got, before+2)
	}
	var done, running, most atomic.Int64
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			c.do(func() {
				now := running.Add(1)
				for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
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
	dismiss()
	if got := runtime.GOMAXPROCS(0); got != before {
		t.Errorf("%d processors afterwards, want %d", got, before)
	}
}

func TestAPanicComesBackToWhoAskedForTheWork(t *testing.T) {
	c := newCrew()
	defer c.hire(1, never)()
	defer func() {
		if p := recover(); p != "oh" {
			t.Errorf("a panic came back as %v", p)
		}
	}()
	c.do(func() { panic("oh") })
}

// While sessions are in use one of several rests, and the only one of a small machine never does.
func TestOneOfACrewRestsWhileTheServerIsBusy(t *testing.T) {
	for _, tt := range []struct{ hired, busy, free int }{{1, 1, 1}, {2, 1, 2}, {4, 3, 4}} {
		synctest.Test(t, func(t *testing.T) {
			c := newCrew()
			var busy atomic.Bool
			busy.Store(true)
			defer c.hire(tt.hired, busy.Load)()
			var running atomic.Int64
			end := make(chan struct{})
			var all sync.WaitGroup
			defer all.Wait()
			defer close(end)
			for range 10 {
				all.Go(func() {
					c.do(func() {
						running.Add(1)
						<-end
					})
				})
			}
			synctest.Wait()
			if got := int(running.Load()); got != tt.busy {
				t.Errorf("%d hired, server busy: %d work, want %d", tt.hired, got, tt.busy)
			}
			busy.Store(false)
			time.Sleep(2 * restLength)
			synctest.Wait()
			if got := int(running.Load()); got != tt.free {
				t.Errorf("%d hired, server free: %d work, want %d", tt.hired, got, tt.free)
			}
		})
	}
}
