package lab

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/mayfly-auth/mayfly/internal/fault"
)

// shelf holds the open sandboxes: a few, each for as long as somebody uses it.
type shelf struct {
	most   int
	unused time.Duration

	opening sync.Mutex // one sandbox is made at a time, however many are asked for

	mu      sync.Mutex
	places  map[string]*place
	closed  bool
	closing sync.WaitGroup
	faults  []error // of sandboxes that were closed before the shelf was
}

// place is one sandbox and when it was last used.
type place struct {
	Sandbox
	used  time.Time
	timer *time.Timer
}

func newShelf(most int, unused time.Duration) *shelf {
	return &shelf{most: most, unused: unused, places: map[string]*place{}}
}

// errClosed answers who asks for a sandbox while the server stops.
var errClosed = &fault.Unavailable{Cause: errors.New("the lab is closed")}

// add makes a sandbox and puts it on the shelf, if need be in the place of the one that was unused for longest.
func (s *shelf) add(ctx context.Context, id string, open func(context.Context) (Sandbox, error)) error {
	s.opening.Lock()
	defer s.opening.Unlock()
	if s.makeRoom() {
		return errClosed
	}
	made, err := open(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errors.Join(errClosed, made.Close())
	}
	s.places[id] = &place{Sandbox: made, used: time.Now(), timer: time.AfterFunc(s.unused, func() { s.expire(id) })}
	return nil
}

// makeRoom leaves room for one more, and reports whether the shelf is closed.
func (s *shelf) makeRoom() (closed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.places) >= s.most {
		oldest := ""
		for id, p := range s.places {
			if oldest == "" || p.used.Before(s.places[oldest].used) {
				oldest = id
			}
		}
		s.drop(oldest)
	}
	return s.closed
}

// find returns the sandbox with this id and notes that it is used. It may be closed while the caller works with it; what
// it answers then is its own business.
func (s *shelf) find(id string) (Sandbox, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.places[id]
	if !ok {
		return nil, false
	}
	p.used = time.Now()
	p.timer.Reset(s.unused)
	return p.Sandbox, true
}

// expire closes a sandbox whose time is up, unless it was used while the timer fired.
func (s *shelf) expire(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, ok := s.places[id]; ok && time.Since(p.used) >= s.unused {
		s.drop(id)
	}
}

// remove closes a sandbox; one that is not there is closed already.
func (s *shelf) remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.places[id]; ok {
		s.drop(id)
	}
}

// drop takes a sandbox off the shelf and closes it aside, because requests under way are waited for. The caller holds
// the lock.
func (s *shelf) drop(id string) {
	p := s.places[id]
	delete(s.places, id)
	p.timer.Stop()
	s.closing.Go(func() {
		if err := p.Close(); err != nil {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.faults = append(s.faults, err)
		}
	})
}

// close closes every sandbox and returns what went wrong with any of them, ever.
func (s *shelf) close() error {
	s.mu.Lock()
	s.closed = true
	for id := range s.places {
		s.drop(id)
	}
	s.mu.Unlock()
	s.closing.Wait()
	s.opening.Lock() // one that was being made has found the shelf closed by now
	defer s.opening.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.faults...)
}
