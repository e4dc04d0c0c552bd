package main

import (
	"runtime"
	"runtime/metrics"
	"testing"
	"time"
)

// The more is in use, the smaller the share by which the heap may grow, and it comes back when that is let go.
func TestTheHeapGetsAboutTheSameRoomWhateverIsInUse(t *testing.T) {
	tendHeap()
	settles := func(what string, right func(percent uint64) bool) {
		t.Helper()
		percent := []metrics.Sample{{Name: "/gc/gogc:percent"}}
		for until := time.Now().Add(time.Minute); ; runtime.GC() { // the guard is against hanging and judges nothing
			metrics.Read(percent)
			if got := percent[0].Value.Uint64(); right(got) {
				return
			} else if time.Now().After(until) {
				t.Fatalf("%s: %d percent", what, got)
			}
		}
	}
	settles("at first", func(percent uint64) bool { return percent > 100 })
	held := make([]byte, 256<<20) // never touched, so that it takes no memory
	settles("with 256 MB in use", func(percent uint64) bool { return percent == 25 })
	runtime.KeepAlive(held)
	settles("when they are let go", func(percent uint64) bool { return percent > 100 })
}
