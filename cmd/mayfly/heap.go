package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// tendHeap sets after each collection of garbage how much the heap may grow until the next one. Go's own measure is a
// share of what is in use: a few megabytes where few ask, so that it collects all the time, and hundreds where thousands
// do. This gives both about the same room.
//
// Measured on two processors: with 64 refreshes at once a tenth less processor time than with Go's own 100 percent, and
// with 5,000 about 340 megabytes where a fixed share of 200 percent took 580.
func tendHeap() {
	const (
		room          = 64 << 20 // bytes
		least, most   = 25, 200  // percent; the least keeps collections from following one another without end
		worthChanging = 10       // percent points: whoever sets it stops the world for a moment
	)
	inUse := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/stack:bytes"}}
	percent := most
	debug.SetGCPercent(percent)
	var tend func(struct{})
	// A mark that nobody holds is found by the next collection, which runs tend, which leaves another.
	leaveMark := func() { runtime.AddCleanup(new([64]byte), tend, struct{}{}) }
	tend = func(struct{}) {
		metrics.Read(inUse)
		bytes := max(1, inUse[0].Value.Uint64()+inUse[1].Value.Uint64())
		next := int(min(most, max(least, 100*room/bytes)))
		if math.Abs(float64(next-percent)) >= worthChanging {
			percent = next
			debug.SetGCPercent(percent)
		}
		leaveMark()
	}
	leaveMark()
}
