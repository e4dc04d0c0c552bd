package keyset

import (
	"time"

	"github.com/mayfly-auth/mayfly/internal/jws"
)

// State is where a key stands in its life.
type State string

// The states, see the package documentation.
const (
	Published State = "published" // verifiers may learn it; it does not sign yet
	Signing   State = "signing"
	Retiring  State = "retiring" // another one signs, tokens of this one are still alive
	Retired   State = "retired"  // no token of it is alive; the next Load deletes it
	Revoked   State = "revoked"  // an operator declared it compromised
)

// rememberRevoked is how long a revoked key stays in the list for people to see. Nothing depends on it.
const rememberRevoked = 30 * 24 * time.Hour

// The functions below are the whole schedule: no clock, no store. The keys come as Store.List returns them, ordered by
// SignsAt, then ID.

// signer returns the index of the key that signs at now: the last that is not revoked and whose time has come. If the
// time of none has come, because a clock stepped back or the one that signed was revoked, it is the first that is not
// revoked: to sign early harms less than not to sign. -1 means that there is none.
func signer(keys []StoredKey, now time.Time) int {
	first := -1
	for i := len(keys) - 1; i >= 0; i-- {
		if !keys[i].RevokedAt.IsZero() {
			continue
		}
		if !keys[i].SignsAt.After(now) {
			return i
		}
		first = i
	}
	return first
}

// newest returns the index of the last key that is not revoked, -1 if there is none.
func newest(keys []StoredKey) int {
	for i := len(keys) - 1; i >= 0; i-- {
		if keys[i].RevokedAt.IsZero() {
			return i
		}
	}
	return -1
}

// retiresAt is when the last token signed with key i has died: keepFor after the next key that is not revoked took
// over. The zero time means that none is to take over.
func retiresAt(keys []StoredKey, i int, keepFor time.Duration) time.Time {
	for _, next := range keys[i+1:] {
		if next.RevokedAt.IsZero() {
			return next.SignsAt.Add(keepFor)
		}
	}
	return time.Time{}
}

// state says where key i stands at now.
func state(keys []StoredKey, i int, keepFor time.Duration, now time.Time) State {
	signs := signer(keys, now)
	switch {
	case !keys[i].RevokedAt.IsZero():
		return Revoked
	case i == signs:
		return Signing
	case i > signs:
		return Published
	case now.Before(retiresAt(keys, i, keepFor)):
		return Retiring
	}
	return Retired
}

// disposable says whether key i can be deleted.
func disposable(keys []StoredKey, i int, keepFor time.Duration, now time.Time) bool {
	switch state(keys, i, keepFor, now) {
	case Retired:
		return true
	case Revoked:
		return !now.Before(keys[i].RevokedAt.Add(max(keepFor, rememberRevoked)))
	}
	return false
}

// due says whether a key must be added at now, and from when it signs. While a key is published that does not sign yet
// nothing more is added: nodes that were given different settings then take turns instead of filling the table.
func (c *Config) due(keys []StoredKey, now time.Time) (signsAt time.Time, add bool) {
	n := newest(keys)
	if n < 0 {
		return now, true // nobody knows any key, so nobody can be left behind
	}
	last := keys[n]
	if last.SignsAt.After(now) {
		return time.Time{}, false
	}
	if jws.Algorithm(last.Algorithm) != c.Algorithm {
		return now.Add(c.PublishFor), true
	}
	if c.RotateEvery <= 0 {
		return time.Time{}, false
	}
	next := last.SignsAt.Add(c.RotateEvery)
	if now.Before(next.Add(-c.PublishFor)) {
		return time.Time{}, false
	}
	if earliest := now.Add(c.PublishFor); next.Before(earliest) { // the server was off when it was time
		next = earliest
	}
	return next, true
}
