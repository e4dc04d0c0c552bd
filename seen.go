package mayfly

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
	"time"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
	"github.com/mayfly-auth/mayfly/internal/jws"
)

// ways is how many tokens share a place in the table.
const ways = 4

// seenTokens remembers tokens whose signature was found right, so that it is checked once in a token's life.
//
// A place is found by a hash of the whole token under a random seed, which nobody outside can aim at. What was found
// counts only if the whole token is the same: a collision costs the cache an entry and admits nobody. There is no lock;
// the table never grows, and a full place loses the entry that expires first.
type seenTokens struct {
	seed   maphash.Seed
	leeway time.Duration
	places [][ways]atomic.Pointer[seenToken]
}

// seenToken never changes.
type seenToken struct {
	hash        uint64
	token       string
	set         *keySet // that had the key: with the next set the signature counts for nothing
	from, until time.Time
	claims      *Claims
	mark        accesstoken.Mark // of its session
}

func newSeenTokens(size int, leeway time.Duration) *seenTokens {
	if size == 0 {
		size = DefaultCacheSize
	}
	s := &seenTokens{seed: maphash.MakeSeed(), leeway: max(leeway, 0)}
	if size > 0 {
		s.places = make([][ways]atomic.Pointer[seenToken], (size+ways-1)/ways)
	}
	return s
}

func (s *seenTokens) place(token string) (*[ways]atomic.Pointer[seenToken], uint64) {
	hash := maphash.String(s.seed, token)
	return &s.places[hash%uint64(len(s.places))], hash
}

// get returns what is known of a token that is still good in itself, nil otherwise. A clock that was set back to before
// the token was verified has it verified again. Whether its session goes on is not for the cache to know.
func (s *seenTokens) get(token string, set *keySet, now time.Time) *seenToken {
	if len(s.places) == 0 || len(token) > jws.MaxLength {
		return nil
	}
	place, hash := s.place(token)
	for i := range place {
		e := place[i].Load()
		if e == nil || e.hash != hash || e.set != set || now.Before(e.from) || !now.Before(e.until) {
			continue
		}
		// The comparison may stop at the first difference: to time it, one would need a token with the same hash, and
		// so the seed.
		if e.token == token {
			return e
		}
	}
	return nil
}

func (s *seenTokens) put(token string, set *keySet, now time.Time, claims *Claims, mark accesstoken.Mark) {
	if len(s.places) == 0 {
		return
	}
	place, hash := s.place(token)
	e := &seenToken{
		hash:   hash,
		token:  strings.Clone(token), // not the header line it was cut from
		set:    set,
		from:   now,
		until:  claims.ExpiresAt.Add(s.leeway),
		claims: claims,
		mark:   mark,
	}
	place[s.victim(place, e, now)].Store(e)
}

// victim returns which entry of a place gives way: the same token, a dead one, or the one that expires first.
func (s *seenTokens) victim(place *[ways]atomic.Pointer[seenToken], e *seenToken, now time.Time) int {
	victim, until := 0, time.Time{}
	for i := range place {
		old := place[i].Load()
		if old == nil || old.hash == e.hash || old.set != e.set || !now.Before(old.until) {
			return i
		}
		if until.IsZero() || old.until.Before(until) {
			victim, until = i, old.until
		}
	}
	return victim
}
