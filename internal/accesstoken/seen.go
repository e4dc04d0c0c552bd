package accesstoken

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
	"time"

	"github.com/mayfly-auth/mayfly/internal/jws"
)

// ways is how many tokens share a place in the table.
const ways = 4

// Seen remembers tokens whose signature was found right, so that it is checked once in a token's life. By is what found
// it right, a key or a set of keys, told apart by its address; V is what is kept of the token.
//
// A place is found by a hash of the whole token under a random seed, which nobody outside can aim at. What was found
// counts only if the whole token is the same: a collision costs the cache an entry and admits nobody. There is no lock;
// the table never grows, and a full place loses the entry that expires first.
type Seen[By comparable, V any] struct {
	seed   maphash.Seed
	places [][ways]atomic.Pointer[seen[By, V]]
}

// seen never changes.
type seen[By comparable, V any] struct {
	hash        uint64
	token       string
	by          By
	from, until time.Time
	value       V
}

// NewSeen returns a table for so many tokens; for none if size is not positive.
func NewSeen[By comparable, V any](size int) *Seen[By, V] {
	s := &Seen[By, V]{seed: maphash.MakeSeed()}
	if size > 0 {
		s.places = make([][ways]atomic.Pointer[seen[By, V]], (size+ways-1)/ways)
	}
	return s
}

func (s *Seen[By, V]) place(token string) (*[ways]atomic.Pointer[seen[By, V]], uint64) {
	hash := maphash.String(s.seed, token)
	return &s.places[hash%uint64(len(s.places))], hash
}

// Get returns what was kept of a token that is still good in itself, nil otherwise; it is shared and read-only. counts
// says whether what found the signature right is still believed: a token goes with its key. A clock that was set back to
// before the token was verified has it verified again. Whether its session goes on is not for the cache to know.
func (s *Seen[By, V]) Get(token string, now time.Time, counts func(By) bool) *V {
	if len(s.places) == 0 || len(token) > jws.MaxLength {
		return nil
	}
	place, hash := s.place(token)
	for i := range place {
		e := place[i].Load()
		// The comparison of tokens may stop at the first difference: to time it, one would need a token with the same
		// hash, and so the seed.
		if e != nil && e.hash == hash && !now.Before(e.from) && now.Before(e.until) && e.token == token && counts(e.by) {
			return &e.value
		}
	}
	return nil
}

// Put keeps value of a token that was verified at now and is good before until.
func (s *Seen[By, V]) Put(token string, by By, now, until time.Time, value V) {
	if len(s.places) == 0 {
		return
	}
	place, hash := s.place(token)
	e := &seen[By, V]{
		hash:  hash,
		token: strings.Clone(token), // not the header line it was cut from
		by:    by,
		from:  now,
		until: until,
		value: value,
	}
	place[s.victim(place, e, now)].Store(e)
}

// victim returns which entry of a place gives way: the same token, a dead one, or the one that expires first.
func (s *Seen[By, V]) victim(place *[ways]atomic.Pointer[seen[By, V]], e *seen[By, V], now time.Time) int {
	victim, until := 0, time.Time{}
	for i := range place {
		old := place[i].Load()
		if old == nil || old.hash == e.hash || old.by != e.by || !now.Before(old.until) {
			return i
		}
		if until.IsZero() || old.until.Before(until) {
			victim, until = i, old.until
		}
	}
	return victim
}
