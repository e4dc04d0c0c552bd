package mayfly

import (
	"encoding/binary"
	"slices"
	"sync/atomic"
	"time"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
)

const (
	fewestSlots = 64
	// A sixteenth of all marks makes room at once, so that a flood does not cost a look through the table for each mark.
	roomShare = 16
)

// markTable remembers marks until a time. One goroutine writes, any number read; no reader waits, and none of them writes
// to memory that another reads, so that a crowd of them costs no more than one.
//
// It is a table with open addresses. A mark is a piece of a SHA-256 and so is its own hash. A slot is written once: the
// end of its time last, which is what says that it is taken. Marks leave when the table is copied, never one by one. At
// most half of the slots are taken, so each search meets a free one.
type markTable struct {
	slots   atomic.Pointer[[]markSlot] // a power of two of them
	live    atomic.Int64               // as far as is known: what ended since the last sweep still counts
	dropped atomic.Uint64

	most int // the writer's own, as is
	used int
}

// markSlot has 16 bytes and no pointer: the garbage collector never looks inside.
type markSlot struct {
	high  atomic.Uint64
	low   atomic.Uint32
	until atomic.Uint32 // a stamp; 0 is a free slot
}

func newMarkTable(most int) *markTable {
	t := &markTable{most: most}
	t.slots.Store(new(make([]markSlot, fewestSlots)))
	return t
}

// stampOf is the whole second in which a moment lies, counted from 1: 0 is what no moment has. Moments are durations
// since the table's owner began to count.
func stampOf(moment time.Duration) uint32 { return uint32(moment/time.Second) + 1 }

// endStampOf rounds up: a mark is kept too long rather than too short.
func endStampOf(moment time.Duration) uint32 {
	return stampOf(moment + time.Second - 1)
}

// find returns the slot of a mark, or the free one where it belongs.
func find(slots []markSlot, high uint64, low uint32) (slot *markSlot, until uint32) {
	last := uint64(len(slots) - 1)
	for at := high; ; at++ {
		slot = &slots[at&last]
		until = slot.until.Load()
		if until == 0 || (slot.high.Load() == high && slot.low.Load() == low) {
			return slot, until
		}
	}
}

func halves(m accesstoken.Mark) (high uint64, low uint32) {
	return binary.BigEndian.Uint64(m[:8]), binary.BigEndian.Uint32(m[8:])
}

// until returns the stamp up to which a mark counts, 0 if there is none.
func (t *markTable) until(m accesstoken.Mark) uint32 {
	high, low := halves(m)
	_, until := find(*t.slots.Load(), high, low)
	return until
}

// add remembers a mark up to a stamp. A mark that is there already counts up to the later of the two.
func (t *markTable) add(m accesstoken.Mark, until, now uint32) {
	high, low := halves(m)
	slot, known := find(*t.slots.Load(), high, low)
	if known != 0 {
		slot.until.Store(max(known, until))
		return
	}
	if t.used >= min(len(*t.slots.Load())/2, t.most) {
		t.rebuild(now)
		slot, _ = find(*t.slots.Load(), high, low)
	}
	t.put(slot, high, low, until)
	t.live.Add(1)
}

func (t *markTable) put(slot *markSlot, high uint64, low, until uint32) {
	slot.high.Store(high)
	slot.low.Store(low)
	slot.until.Store(until)
	t.used++
}

// sweep copies the table if more than a quarter of it is for nothing.
func (t *markTable) sweep(now uint32) {
	live := 0
	slots := *t.slots.Load()
	for i := range slots {
		if slots[i].until.Load() >= now {
			live++
		}
	}
	t.live.Store(int64(live))
	if t.used-live > t.used/4 {
		t.rebuild(now)
	}
}

// rebuild copies what still counts into a table of the right size. Where that is nearly the most there may be, the
// marks that end first are dropped: their tokens are the next to expire.
func (t *markTable) rebuild(now uint32) {
	old := *t.slots.Load()
	ends := make([]uint32, 0, t.used)
	for i := range old {
		if until := old[i].until.Load(); until >= now {
			ends = append(ends, until)
		}
	}
	first, drop := now, 0 // what ends before first goes, and so many of those that end with it
	if keep := t.most - (t.most+roomShare-1)/roomShare; t.used >= t.most && len(ends) > keep {
		slices.Sort(ends)
		surplus := len(ends) - keep
		t.dropped.Add(uint64(surplus))
		first = ends[surplus-1]
		at, _ := slices.BinarySearch(ends, first)
		drop = surplus - at
		ends = ends[surplus:]
	}
	t.copy(old, slotsFor(len(ends), t.most), first, drop)
}

func (t *markTable) copy(old []markSlot, size int, first uint32, drop int) {
	slots := make([]markSlot, size)
	t.used = 0
	for i := range old {
		until := old[i].until.Load()
		switch {
		case until < first:
			continue
		case until == first && drop > 0:
			drop--
			continue
		}
		high, low := old[i].high.Load(), old[i].low.Load()
		slot, _ := find(slots, high, low)
		t.put(slot, high, low, until)
	}
	t.live.Store(int64(t.used))
	t.slots.Store(&slots)
}

// slotsFor leaves room for a quarter more, within the most there may be.
func slotsFor(live, most int) int {
	n := fewestSlots
	for n/2 < min(live+live/4, most) {
		n *= 2
	}
	return n
}
