package revocation

import (
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
)

func markOf(id uuid.UUID) accesstoken.Mark { return accesstoken.MarkOf(id.String()) }

// markBytes is the most that one remembered revocation costs, all in all.
const markBytes = 80

// TestPromise10_AHundredThousandRevocationsStayWithinTheirBound measures what the memory holds, when it has grown to that
// and when it has been living at that for a while.
func TestPromise10_AHundredThousandRevocationsStayWithinTheirBound(t *testing.T) {
	const many, life = 100_000, 660 * time.Second
	before := heap()
	m := newMemory(defaultMarks)
	now := m.birth
	var most uint64
	for i := range 5 * many {
		now = now.Add(life / many)
		m.forget(now)
		if !m.add(randomMark(), now.UnixMilli(), now.Add(life)) {
			t.Fatal("a mark came twice")
		}
		if i >= many && i%(many/8) == 0 {
			most = max(most, heap()-before)
		}
	}
	if n := m.len(); n < many || n > many+many/600 /* a second's more */ {
		t.Errorf("%d are remembered, want those of the last %v: %d", n, life, many)
	}
	if most > many*markBytes {
		t.Errorf("%d bytes for %d revocations, want %d each at most", most, many, markBytes)
	}
	t.Logf("%.1f bytes a revocation at most", float64(most)/many)
	m.forget(now.Add(2 * life))
	if m.len() != 0 || heap()-before > many {
		t.Errorf("%d are left, and %d bytes", m.len(), heap()-before)
	}
	runtime.KeepAlive(m)
}

func TestMoreThanThereIsRoomForForgetsTheOldest(t *testing.T) {
	m := newMemory(100)
	var all []accesstoken.Mark
	for range 1000 {
		all = append(all, randomMark())
		m.add(all[len(all)-1], 1, m.birth.Add(time.Hour))
	}
	entries, first := m.since(0, 1000)
	if len(entries) != 100 || first != 900 || m.forgotten != 900 || len(m.entries) > 200 {
		t.Fatalf("%d entries from number %d in %d places, %d forgotten", len(entries), first, len(m.entries), m.forgotten)
	}
	for i, e := range entries {
		if e.mark != all[900+i] {
			t.Fatal("it is not the oldest that were forgotten")
		}
	}
	if m.add(all[950], 1, m.birth.Add(time.Hour)) || !m.add(all[5], 1, m.birth.Add(time.Hour)) {
		t.Error("what is remembered is new, or what is forgotten is not")
	}
}

// TestNumbersNeverComeTwice walks through a memory that forgets while somebody reads on.
func TestNumbersNeverComeTwice(t *testing.T) {
	m := newMemory(50)
	now, next, read := m.birth, uint64(0), 0
	for range 5000 {
		for range rand.IntN(8) {
			m.add(randomMark(), 1, now.Add(time.Duration(rand.IntN(20))*time.Second))
		}
		now = now.Add(time.Second)
		m.forget(now)
		entries, number := m.since(next, rand.IntN(10))
		if number < next {
			t.Fatalf("number %d comes again", number)
		}
		if front, _ := m.since(0, 1); len(front) > 0 && front[0].until <= uint32(now.Sub(m.birth)/time.Second) {
			t.Fatal("what is over is named")
		}
		next = number + uint64(len(entries))
		read += len(entries)
		if next > m.next() || m.len() > 50 || len(m.known) != m.len() {
			t.Fatalf("next %d of %d, %d remembered, %d known", next, m.next(), m.len(), len(m.known))
		}
	}
	if read == 0 {
		t.Error("nothing was read")
	}
}

func randomMark() (m accesstoken.Mark) {
	for i := range m {
		m[i] = byte(rand.IntN(256))
	}
	return m
}

// heap is how many bytes are in use once everything that is not was given back.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}
