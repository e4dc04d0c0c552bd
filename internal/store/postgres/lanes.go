package postgres

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/fault"
	"github.com/mayfly-auth/mayfly/internal/session"
)

// mostAboard is how many sessions one flight takes; more would only make the first of them wait longer.
const mostAboard = 256

// errLocked answers a rotation that was passed over until nobody should wait any longer.
var errLocked = &fault.Unavailable{
	Cause: errors.New("postgres: the session is locked"),
	Fix:   "look for long transactions in pg_stat_activity",
}

// flight carries rotations of different sessions to the database together and returns what became of each, in their
// order.
type flight func(context.Context, []session.Rotation) ([]landing, error)

// landing is what became of one rotation.
type landing struct {
	session.Record
	moved bool
	found bool
	// settled is false if the row was held or changed by somebody else in the meantime: the rotation goes again.
	settled bool
}

// lanes carry rotations. Each has one flight in the air at a time, and whoever comes meanwhile goes with its next one:
// nobody waits for a clock, and the more there are, the more share a statement and a commit. A session always takes the
// same lane, so this node never contends with itself.
type lanes []*lane

// newLanes makes n lanes whose flights take so many sessions at most.
func newLanes(n, most int, fly flight) lanes {
	all := make(lanes, n)
	for i := range all {
		all[i] = &lane{fly: fly, most: most}
	}
	return all
}

func (l lanes) rotate(ctx context.Context, r session.Rotation) (session.Record, bool, error) {
	if err := ctx.Err(); err != nil {
		return session.Record{}, false, err
	}
	p := &passenger{ctx: ctx, rotation: r, until: time.Now().Add(stepTimeout), outcome: make(chan arrival, 1)}
	if err := l.of(r.User).board(p); err != nil {
		return session.Record{}, false, err
	}
	select {
	case a := <-p.outcome:
		return a.rec, a.moved, a.err
	case <-ctx.Done(): // whether or not it flies: a rotation can be repeated
		return session.Record{}, false, ctx.Err()
	}
}

// of chooses by the last bytes of the id, which are random in every version that has any.
func (l lanes) of(user uuid.UUID) *lane { return l[int(user[15])%len(l)] }

// close takes no more passengers and waits until all have arrived.
func (l lanes) close() {
	for _, one := range l {
		one.mu.Lock()
		one.closed = true
		one.mu.Unlock()
	}
	for _, one := range l {
		one.flying.Wait()
	}
}

// lane has a goroutine while somebody waits in it.
type lane struct {
	fly  flight
	most int

	mu      sync.Mutex
	waiting []*passenger
	busy    bool
	closed  bool
	flying  sync.WaitGroup
}

// passenger is a rotation and whoever waits for it.
type passenger struct {
	ctx      context.Context
	rotation session.Rotation
	until    time.Time
	outcome  chan arrival // has room for the answer, whether or not somebody still waits for it
}

// arrival is the answer to a passenger.
type arrival struct {
	rec   session.Record
	moved bool
	err   error
}

func (l *lane) board(p *passenger) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return errClosed
	}
	l.waiting = append(l.waiting, p)
	if !l.busy {
		l.busy = true
		l.flying.Go(l.run)
	}
	return nil
}

// run makes flights until nobody waits. If a flight settled nothing, the next has one passenger, because only such a
// flight waits for a row that somebody else holds.
func (l *lane) run() {
	most := l.most
	for {
		aboard := l.take(most)
		if len(aboard) == 0 {
			return
		}
		most = l.most
		if stay := aboard.depart(l.fly); len(stay) > 0 {
			if len(stay) == aboard.passengers() {
				most = 1
			}
			l.mu.Lock()
			l.waiting = append(stay, l.waiting...)
			l.mu.Unlock()
		}
	}
}

// take fills a flight with those who wait, in the order in which they came: at most so many sessions, and everybody who
// asks for one of them. It returns none when nobody waits, and the lane is then free.
func (l *lane) take(most int) manifest {
	l.mu.Lock()
	defer l.mu.Unlock()
	seats := map[session.Key]int{}
	var aboard manifest
	var stay []*passenger
	now := time.Now()
	for _, p := range l.waiting {
		key := session.Key{User: p.rotation.User, Session: p.rotation.Session}
		seat, shared := seats[key]
		switch {
		case p.ctx.Err() != nil: // has left
		case now.After(p.until):
			p.outcome <- arrival{err: errLocked}
		case shared:
			aboard[seat] = append(aboard[seat], p)
		case len(aboard) == most:
			stay = append(stay, p)
		default:
			seats[key] = len(aboard)
			aboard = append(aboard, []*passenger{p})
		}
	}
	l.waiting = stay
	l.busy = len(aboard) > 0
	return aboard
}
