package revocation

import (
	"time"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
)

// memory holds what was revoked lately, in the order in which it was found. Entries have numbers that never come twice,
// so a follower needs no queue of its own: it remembers the number it has come to, and a slow one costs nothing.
type memory struct {
	entries   []entry
	gone      int    // how many at the front of entries are over
	first     uint64 // the number of entries[0]
	known     map[accesstoken.Mark]struct{}
	most      int
	forgotten uint64 // for want of room
	birth     time.Time
}

// entry is one revoked session.
type entry struct {
	mark  accesstoken.Mark
	until uint32 // whole seconds of the memory's life after which no access token of it can be valid
	at    int64  // when it was revoked, by the database's clock, in milliseconds
}

func newMemory(most int) memory {
	return memory{most: most, known: map[accesstoken.Mark]struct{}{}, birth: time.Now()}
}

func (m *memory) len() int { return len(m.entries) - m.gone }

// next is the number that the next entry will get.
func (m *memory) next() uint64 { return m.first + uint64(len(m.entries)) }

// since returns the entries from a number on, at most n, and the number of the first of them.
func (m *memory) since(number uint64, n int) ([]entry, uint64) {
	number = max(number, m.first+uint64(m.gone))
	from := int(min(number, m.next()) - m.first)
	return m.entries[from:min(from+n, len(m.entries))], number
}

// seconds is a moment in whole seconds of the memory's life, rounded up: too long by one does no harm. The clock is the monotonic one: neither a clock
// that is set nor another node's has a part in when something is forgotten.
func (m *memory) seconds(t time.Time) uint32 {
	return uint32((t.Sub(m.birth) + time.Second - 1) / time.Second)
}

// add says false of what it knows already.
func (m *memory) add(mark accesstoken.Mark, at int64, until time.Time) bool {
	if _, known := m.known[mark]; known {
		return false
	}
	m.known[mark] = struct{}{}
	m.entries = append(m.entries, entry{mark: mark, until: m.seconds(until), at: at})
	if m.len() > m.most {
		m.drop()
		m.forgotten++
		m.shrink()
	}
	return true
}

// forget drops what is over. What was found later is over later, or soon after.
func (m *memory) forget(now time.Time) {
	passed := uint32(now.Sub(m.birth) / time.Second)
	for m.len() > 0 && m.entries[m.gone].until <= passed {
		m.drop()
	}
	m.shrink()
}

func (m *memory) drop() {
	delete(m.known, m.entries[m.gone].mark)
	m.gone++
}

// shrink gives back what is no longer needed once it is a third of all, so each entry is moved twice at most on average.
// A map does not shrink by itself: it is made anew.
func (m *memory) shrink() {
	if m.gone*3 < len(m.entries) || m.gone == 0 {
		return
	}
	m.first += uint64(m.gone)
	m.entries = append(make([]entry, 0, m.len()), m.entries[m.gone:]...)
	m.gone = 0
	m.known = make(map[accesstoken.Mark]struct{}, len(m.entries))
	for _, e := range m.entries {
		m.known[e.mark] = struct{}{}
	}
}
