package postgres

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/mayfly-auth/mayfly/internal/fault"
	"github.com/mayfly-auth/mayfly/internal/session"
)

// mostAboard is how many sessions one flight takes; more would only make the first of them wait longer.
const mostAboard = 128

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

// fleet carries rotations: one queue, and so many planes at most. Whenever one is free it takes those who wait, so
// nobody waits for a clock, and the more there are, the more share a statement and a commit. A session whose row is in
// the air stays in the queue until it has landed, so this node never contends with itself.
type fleet struct {
	fly    flight
	planes int // it has
	most   int // sessions that one of them takes

	mu      sync.Mutex
	waiting []*passenger
	busy    int // planes, each with a goroutine
	aloft   map[session.Key]bool
	closed  bool
	flying  sync.WaitGroup
}

func newFleet(planes, most int, fly flight) *fleet {
	return &fleet{fly: fly, planes: planes, most: most, aloft: map[session.Key]bool{}}
}

func (f *fleet) rotate(ctx context.Context, r session.Rotation) (session.Record, bool, error) {
	if err := ctx.Err(); err != nil {
		return session.Record{}, false, err
	}
	p := &passenger{ctx: ctx, rotation: r, until: time.Now().Add(stepTimeout), outcome: make(chan arrival, 1)}
	if err := f.board(p); err != nil {
		return session.Record{}, false, err
	}
	select {
	case a := <-p.outcome:
		return a.rec, a.moved, a.err
	case <-ctx.Done(): // whether or not it flies: a rotation can be repeated
		return session.Record{}, false, ctx.Err()
	}
}

// close takes no more passengers and waits until all have arrived.
func (f *fleet) close() {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.flying.Wait()
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

// key names the session that is rotated.
func (p *passenger) key() session.Key {
	return session.Key{User: p.rotation.User, Session: p.rotation.Session}
}

func (f *fleet) board(p *passenger) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return errClosed
	}
	f.waiting = append(f.waiting, p)
	if f.busy < f.planes && !f.aloft[p.key()] {
		f.busy++
		f.flying.Go(f.run)
	}
	return nil
}

// run is a plane: it makes flights until there is nobody whom it may take. If a flight settled nothing, the next has one
// passenger, because only such a flight waits for a row that somebody else holds.
func (f *fleet) run() {
	most := f.most
	for aboard := f.take(most); len(aboard) > 0; aboard = f.take(most) {
		most = f.most
		stay := aboard.depart(f.fly)
		if len(stay) == aboard.passengers() {
			most = 1
		}
		f.land(aboard, stay)
	}
}

// take fills a flight with those who wait, in the order in which they came: at most so many sessions, and everybody who
// asks for one of them. It returns none when nobody may fly, and the plane is then out of service.
//
// While others are in the air a plane takes its share and leaves them theirs. Beside one long flight, many short ones
// would leave versions of their rows that the database may not sweep up before the long one has landed.
func (f *fleet) take(most int) manifest {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.aloft) > 0 {
		most = min(most, (len(f.waiting)+len(f.aloft)+f.planes-1)/f.planes)
	}
	seats := map[session.Key]int{}
	var aboard manifest
	now := time.Now()
	f.waiting = slices.DeleteFunc(f.waiting, func(p *passenger) bool {
		key := p.key()
		seat, shared := seats[key]
		switch {
		case p.ctx.Err() != nil: // has left
		case now.After(p.until):
			p.outcome <- arrival{err: errLocked}
		case shared:
			aboard[seat] = append(aboard[seat], p)
		case len(aboard) == most, f.aloft[key]:
			return false
		default:
			seats[key], f.aloft[key] = len(aboard), true
			aboard = append(aboard, []*passenger{p})
		}
		return true
	})
	if len(aboard) == 0 {
		f.busy--
	}
	return aboard
}

// land puts those who go again before those who came later.
func (f *fleet) land(aboard manifest, stay []*passenger) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, seat := range aboard {
		delete(f.aloft, seat[0].key())
	}
	f.waiting = append(stay, f.waiting...)
}
