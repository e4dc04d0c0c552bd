//go:build e2e

package torture

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mayfly-auth/mayfly/e2e/torture/history"
)

// user is a person: what all their clients share.
type user struct {
	email   string
	history *history.History
	tally   *tally
	lines   []*line
	stop    chan struct{}
	quiet   bool         // nobody presents old tokens or ends anything
	began   atomic.Int64 // calls that end sessions, from the moment they are made

	mu        sync.Mutex
	passwords []int // that may be the current one, the likeliest first
	made      int   // passwords so far
	tokens    map[tokenOf]string
	sessions  map[string]int // their numbers in the history, by id
}

// tokenOf names a refresh token. There is one of that name: it is derived, not stored.
type tokenOf struct {
	session    string
	generation uint32
}

func newUser(email string, t *tally, lines []*line, stop chan struct{}) *user {
	return &user{
		email: email, history: history.New(time.Now()), tally: t, lines: lines, stop: stop,
		passwords: []int{0}, tokens: map[tokenOf]string{}, sessions: map[string]int{},
	}
}

func (u *user) client(name string, seed uint64) *client {
	return &client{user: u, name: name, rng: rand.New(rand.NewPCG(seed, uint64(len(name))))}
}

// sawToken holds that the same generation is the same bytes, whoever gets it, from whichever node.
func (u *user) sawToken(session string, generation uint32, token string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	key := tokenOf{session, generation}
	if before, seen := u.tokens[key]; seen && before != token {
		u.tally.blame(unclear, "session %s has two tokens of generation %d", session, generation)
	}
	u.tokens[key] = token
}

func (u *user) opened(id string, number int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.sessions[id] = number
}

// newest returns every session with the newest token that anybody was given.
func (u *user) newest() []*device {
	u.mu.Lock()
	defer u.mu.Unlock()
	all := make([]*device, len(u.sessions))
	for key, token := range u.tokens {
		number := u.sessions[key.session]
		if all[number] == nil || all[number].generation < key.generation {
			all[number] = &device{session: number, generation: key.generation, refresh: token}
		}
	}
	return all
}

// passwordOf is strong enough to be accepted, and different for each number.
func passwordOf(number int) string { return fmt.Sprintf("a quiet river %d at dawn", 1000+number) }

// candidates are the passwords that may be the current one.
func (u *user) candidates() []int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return append([]int(nil), u.passwords...)
}

// nextPassword returns the number of one that was never used.
func (u *user) nextPassword() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.made++
	return u.made
}

// changed keeps what a change of password may have done. A certain one settles all before it: an older change that is
// still under way would need the old password.
func (u *user) changed(number int, certain bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if certain {
		u.passwords = nil
	}
	u.passwords = append([]int{number}, u.passwords...)
}

func (u *user) stopped() bool {
	select {
	case <-u.stop:
		return true
	default:
		return false
	}
}

// think passes the time that a client lets go by between two calls.
func (c *client) think() { c.rest(time.Duration(c.rng.IntN(60)) * time.Millisecond) }

// backOff passes more of it after each call that came to nothing, so that an outage leaves few calls unknown.
func (c *client) backOff(failures int) {
	c.rest(time.Duration(50+c.rng.IntN(50)) * time.Millisecond << min(failures, 4))
}

// rest ends early when the round does: this is the load, nothing waits for it.
func (c *client) rest(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.stop:
	}
}
