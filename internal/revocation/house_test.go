package revocation

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
)

var errAway = errors.New("the store is away")

// shelf is a Store in memory, whose clock runs beside the bubble's by an offset, and which can go away.
type shelf struct {
	Bell
	mu     sync.Mutex
	rows   []Revocation
	ahead  time.Duration // of the bubble's clock
	away   bool
	silent bool          // Await hears nothing
	delay  time.Duration // of a reading
	reads  []time.Duration
	waits  int // callers of Await
}

func (s *shelf) now() time.Time { return time.Now().Add(s.ahead) }

// revoke ends sessions at once; backdated writes an older moment, as a step does that took long.
func (s *shelf) revoke(n int) []uuid.UUID { return s.backdated(n, 0) }

func (s *shelf) backdated(n int, by time.Duration) (ids []uuid.UUID) {
	s.mu.Lock()
	for range n {
		r := Revocation{Session: uuid.New(), At: s.now().Add(-by)}
		s.rows = append(s.rows, r)
		ids = append(ids, r.Session)
	}
	s.mu.Unlock()
	if !s.silent {
		s.Ring()
	}
	return ids
}

func (s *shelf) set(change func(*shelf)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func (s *shelf) Recent(ctx context.Context, within time.Duration, limit int) (Reading, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads = append(s.reads, within)
	if s.away {
		return Reading{}, errAway
	}
	seen := Reading{Now: s.now()}
	for _, r := range s.rows {
		if seen.Now.Sub(r.At) < within {
			seen.Revocations = append(seen.Revocations, r)
		}
	}
	slices.SortStableFunc(seen.Revocations, func(a, b Revocation) int { return a.At.Compare(b.At) })
	seen.Revocations = seen.Revocations[max(0, len(seen.Revocations)-limit):]
	delay := s.delay
	s.mu.Unlock()
	if delay > 0 {
		pause(ctx, delay, nil)
	}
	s.mu.Lock()
	return seen, ctx.Err()
}

func (s *shelf) Await(ctx context.Context) {
	s.set(func(s *shelf) { s.waits++ })
	defer s.set(func(s *shelf) { s.waits-- })
	select {
	case <-s.Next():
	case <-ctx.Done():
	}
}

func (s *shelf) Clean(_ context.Context, olderThan time.Duration, limit int) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows = slices.DeleteFunc(s.rows, func(r Revocation) bool {
		old := s.now().Sub(r.At) > olderThan && n < limit
		if old {
			n++
		}
		return old
	})
	return n, nil
}

// world is a feed that runs over a shelf.
type world struct {
	*testing.T
	*Feed
	shelf *shelf
	told  []error // by Report
}

const ttl = 10 * time.Minute

// inWorld runs a test in a bubble of its own, whose time passes when everybody waits.
func inWorld(t *testing.T, test func(w *world), edits ...func(*Config)) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, shelf: &shelf{}}
		c := Config{Store: w.shelf, AccessTTL: ttl, Report: func(err error) { w.told = append(w.told, err) }}
		for _, edit := range edits {
			edit(&c)
		}
		w.Feed = NewFeed(c)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { w.Feed.Run(ctx) })
		defer running.Wait()
		defer cancel()
		test(w)
	})
}

// event is one that a follower was sent.
type event struct {
	name, id string
	sessions []accesstoken.Mark
	expires  int
	at       time.Time
}

// follow follows until the test is over and keeps what it is told.
func (w *world) follow(lastEventID string) *ear {
	w.Helper()
	follower, err := w.Follow("", lastEventID)
	if err != nil {
		w.Fatal(err)
	}
	e := &ear{T: w.T, follower: follower}
	ctx, cancel := context.WithCancel(w.Context())
	e.stop = func() { cancel(); e.done.Wait() }
	e.done.Go(func() { e.listen(ctx) })
	w.Cleanup(e.stop)
	return e
}

// ear is one who follows and always keeps up.
type ear struct {
	*testing.T
	follower *Follower
	stop     func()
	done     sync.WaitGroup

	mu     sync.Mutex
	events []event
	err    error // that ended it
}

func (e *ear) listen(ctx context.Context) {
	defer e.follower.Leave()
	for {
		text, err := e.follower.Next(ctx)
		e.mu.Lock()
		if err != nil {
			e.err = err
			e.mu.Unlock()
			return
		}
		e.events = append(e.events, parse(e.T, text))
		e.mu.Unlock()
	}
}

// heard returns what was told since it was last asked, after d has passed.
func (e *ear) heard(d time.Duration) []event {
	e.Helper()
	time.Sleep(d)
	synctest.Wait()
	e.mu.Lock()
	defer e.mu.Unlock()
	events := e.events
	e.events = nil
	return events
}

// parse reads an event as the specification says, by hand, so that what is sent is what is tested.
func parse(t *testing.T, text []byte) (e event) {
	t.Helper()
	lines := strings.Split(string(text), "\n")
	if len(lines) != 5 || lines[3] != "" || lines[4] != "" {
		t.Fatalf("not an event: %q", text)
	}
	e.at = time.Now()
	e.name = strings.TrimPrefix(lines[0], "event: ")
	e.id = strings.TrimPrefix(lines[1], "id: ")
	data := strings.TrimPrefix(lines[2], "data: ")
	switch e.name {
	case "current":
		if data != "{}" {
			t.Fatalf("data %q", data)
		}
	case "revoked":
		e.sessions, e.expires = parseRevoked(t, data)
	default:
		t.Fatalf("event %q", e.name)
	}
	return e
}

func names(events []event) (list []string) {
	for _, e := range events {
		list = append(list, e.name)
	}
	return list
}

// told returns the marks of all events.
func marks(events []event) (list []accesstoken.Mark) {
	for _, e := range events {
		list = append(list, e.sessions...)
	}
	return list
}

// wantMarks fails the test unless exactly these sessions were named, in whatever order, each once.
func (e *ear) wantMarks(what string, events []event, want []uuid.UUID) {
	e.Helper()
	got := marks(events)
	left := map[accesstoken.Mark]bool{}
	for _, id := range want {
		left[accesstoken.MarkOf(id.String())] = true
	}
	for _, m := range got {
		if !left[m] {
			e.Fatalf("%s: a session was named twice, or is none of those", what)
		}
		delete(left, m)
	}
	if len(left) > 0 {
		e.Fatalf("%s: %d of %d sessions were not named", what, len(left), len(want))
	}
}

func id(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }
