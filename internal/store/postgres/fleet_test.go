package postgres

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/fault"
	"github.com/mayfly-auth/mayfly/internal/session"
)

// airport has a fleet whose flights a test lets land by hand, one by one.
type airport struct {
	*testing.T
	*fleet
	departed chan []session.Rotation
	land     chan func([]session.Rotation) ([]landing, error)
}

func newAirport(t *testing.T, planes int) *airport {
	a := &airport{T: t, departed: make(chan []session.Rotation), land: make(chan func([]session.Rotation) ([]landing, error))}
	a.fleet = newFleet(planes, mostAboard, func(_ context.Context, asked []session.Rotation) ([]landing, error) {
		a.departed <- asked
		return (<-a.land)(asked)
	})
	t.Cleanup(a.close)
	return a
}

// ask boards and returns where the answer will be.
func (a *airport) ask(ctx context.Context, r session.Rotation) chan arrival {
	a.Helper()
	boarded := a.waits()
	answer := make(chan arrival, 1)
	go func() {
		rec, moved, err := a.rotate(ctx, r)
		answer <- arrival{rec, moved, err}
	}()
	waitFor(a.T, "boarding", func() bool { return a.waits() > boarded || len(answer) > 0 })
	return answer
}

func (f *fleet) waits() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.waiting)
}

// begin lets a flight depart with one passenger, so that others wait; they are asked for until it lands.
func (a *airport) begin() (land func()) {
	a.Helper()
	go func() { _, _, _ = a.rotate(context.Background(), of(uuid.New(), 1)) }()
	<-a.departed
	return func() { a.land <- all(moves) }
}

func of(id uuid.UUID, generation uint32) session.Rotation {
	return session.Rotation{Session: id, Generation: generation, Next: session.Lineage{Generation: generation + 1, Parent: generation}}
}

// all lands every passenger in the same way.
func all(how func(session.Rotation) landing) func([]session.Rotation) ([]landing, error) {
	return func(asked []session.Rotation) (landings []landing, err error) {
		for _, r := range asked {
			landings = append(landings, how(r))
		}
		return landings, nil
	}
}

func moves(r session.Rotation) landing {
	return landing{Record: session.Record{Session: session.Session{ID: r.Session, Lineage: r.Next}}, moved: true, found: true, settled: true}
}

func passedOver(session.Rotation) landing { return landing{found: true} }

func TestWhoeverWaitsGoesWithTheNextFlight(t *testing.T) {
	a := newAirport(t, 1)
	land := a.begin()
	one, two := uuid.New(), uuid.New()
	first, second := a.ask(t.Context(), of(one, 1)), a.ask(t.Context(), of(two, 1))
	land()
	if aboard := <-a.departed; len(aboard) != 2 || aboard[0].Session != one || aboard[1].Session != two {
		t.Errorf("aboard: %v", aboard)
	}
	a.land <- all(moves)
	for _, answer := range []chan arrival{first, second} {
		if got := <-answer; got.err != nil || !got.moved {
			t.Errorf("%+v", got)
		}
	}
}

// TestASessionIsNamedOnceInAFlight: the others are answered as if they had come right after, if that is an answer.
func TestASessionIsNamedOnceInAFlight(t *testing.T) {
	a := newAirport(t, 1)
	land := a.begin()
	id := uuid.New()
	leads, same := a.ask(t.Context(), of(id, 1)), a.ask(t.Context(), of(id, 1))
	next := a.ask(t.Context(), of(id, 2)) // whose turn comes when the first has moved
	land()
	if aboard := <-a.departed; len(aboard) != 1 || aboard[0].Generation != 1 {
		t.Errorf("aboard: %v", aboard)
	}
	a.land <- all(moves)
	if got := <-leads; !got.moved {
		t.Errorf("the first: %+v", got)
	}
	if got := <-same; got.moved || got.rec.Generation != 2 || got.err != nil {
		t.Errorf("the same once more: %+v", got)
	}
	if aboard := <-a.departed; len(aboard) != 1 || aboard[0].Generation != 2 {
		t.Errorf("aboard: %v", aboard)
	}
	a.land <- all(moves)
	if got := <-next; !got.moved || got.rec.Generation != 3 {
		t.Errorf("the next: %+v", got)
	}
}

// TestWhoeverComesInTheAirWaits: an answer that was read before somebody asked is none for them.
func TestWhoeverComesInTheAirWaits(t *testing.T) {
	a := newAirport(t, 1)
	id := uuid.New()
	first := make(chan arrival, 1)
	go func() {
		rec, moved, err := a.rotate(t.Context(), of(id, 1))
		first <- arrival{rec, moved, err}
	}()
	<-a.departed
	late := a.ask(t.Context(), of(id, 1))
	a.land <- all(moves)
	if aboard := <-a.departed; len(aboard) != 1 || aboard[0].Session != id {
		t.Errorf("aboard: %v", aboard)
	}
	a.land <- all(func(r session.Rotation) landing { l := moves(r); l.moved = false; return l })
	if got := <-first; !got.moved {
		t.Errorf("the first: %+v", got)
	}
	if got := <-late; got.moved || got.err != nil {
		t.Errorf("the late one: %+v", got)
	}
}

// TestPassedOverGoesAgainAndAloneIfNobodyWasSettled: only a flight of one waits for a lock.
func TestPassedOverGoesAgainAndAloneIfNobodyWasSettled(t *testing.T) {
	a := newAirport(t, 1)
	land := a.begin()
	one, two := a.ask(t.Context(), of(uuid.New(), 1)), a.ask(t.Context(), of(uuid.New(), 1))
	land()
	for _, flight := range []struct {
		aboard int
		land   func(session.Rotation) landing
	}{{2, passedOver}, {1, passedOver}, {1, moves}, {1, moves}} {
		if aboard := <-a.departed; len(aboard) != flight.aboard {
			t.Fatalf("%d aboard, want %d", len(aboard), flight.aboard)
		}
		a.land <- all(flight.land)
	}
	for _, answer := range []chan arrival{one, two} {
		if got := <-answer; got.err != nil || !got.moved {
			t.Errorf("%+v", got)
		}
	}
}

func TestOneWhoLeavesTakesNobodyAlong(t *testing.T) {
	a := newAirport(t, 1)
	land := a.begin()
	ctx, leave := context.WithCancel(t.Context())
	left, stayed := a.ask(ctx, of(uuid.New(), 1)), a.ask(t.Context(), of(uuid.New(), 1))
	leave()
	if got := <-left; !errors.Is(got.err, context.Canceled) {
		t.Errorf("%+v", got)
	}
	land()
	if aboard := <-a.departed; len(aboard) != 1 {
		t.Errorf("aboard: %v", aboard)
	}
	a.land <- all(moves)
	if got := <-stayed; !got.moved {
		t.Errorf("%+v", got)
	}
}

func TestAFlightThatFailsIsToldToAllAboardAndTheNextDeparts(t *testing.T) {
	a := newAirport(t, 1)
	land := a.begin()
	id := uuid.New()
	one, two := a.ask(t.Context(), of(id, 1)), a.ask(t.Context(), of(id, 1))
	land()
	<-a.departed
	a.land <- func([]session.Rotation) ([]landing, error) { return nil, &fault.Unavailable{Cause: errors.New("gone")} }
	for _, answer := range []chan arrival{one, two} {
		if got := <-answer; !fault.IsUnavailable(got.err) {
			t.Errorf("%+v", got)
		}
	}
	a.begin()() // departs and lands
}

// TestAFlightIsBounded and everybody arrives all the same.
func TestAFlightIsBounded(t *testing.T) {
	a := newAirport(t, 1)
	land := a.begin()
	const people = mostAboard + 10
	var arrived sync.WaitGroup
	for range people {
		arrived.Go(func() {
			if _, moved, err := a.rotate(t.Context(), of(uuid.New(), 1)); err != nil || !moved {
				t.Errorf("moved %v, error %v", moved, err)
			}
		})
	}
	waitFor(t, "boarding", func() bool { return a.waits() == people })
	land()
	for _, want := range []int{mostAboard, 10} {
		if aboard := <-a.departed; len(aboard) != want {
			t.Errorf("%d aboard, want %d", len(aboard), want)
		}
		a.land <- all(moves)
	}
	arrived.Wait()
}

func TestAClosedFleetTakesNobody(t *testing.T) {
	a := newAirport(t, 1)
	a.close()
	if _, _, err := a.rotate(t.Context(), of(uuid.New(), 1)); !fault.IsUnavailable(err) {
		t.Errorf("error %v", err)
	}
}

// plane is a flight in the air, of a fleet that has several.
type plane struct {
	aboard []session.Rotation
	lands  chan func([]session.Rotation) ([]landing, error)
}

// TestAFreePlaneTakesItsShareButNoSessionInTheAir: whoever asks for one of those waits for it to land.
func TestAFreePlaneTakesItsShareButNoSessionInTheAir(t *testing.T) {
	a := newAirport(t, 2)
	departed := make(chan plane)
	a.fly = func(_ context.Context, asked []session.Rotation) ([]landing, error) {
		p := plane{asked, make(chan func([]session.Rotation) ([]landing, error))}
		departed <- p
		return (<-p.lands)(asked)
	}
	go func() { _, _, _ = a.rotate(t.Context(), of(uuid.Max, 1)) }()
	first := <-departed
	late := a.ask(t.Context(), of(uuid.Max, 2))
	go func() { _, _, _ = a.rotate(t.Context(), of(uuid.New(), 1)) }()
	second := <-departed
	var others []chan arrival
	for range 4 {
		others = append(others, a.ask(t.Context(), of(uuid.New(), 1)))
	}
	second.lands <- all(moves)
	for _, want := range []int{3, 1} { // of six who wait or fly, and then of three
		next := <-departed
		if len(next.aboard) != want || next.aboard[0].Session == uuid.Max {
			t.Errorf("%d are to be aboard: %v", want, next.aboard)
		}
		next.lands <- all(moves)
	}
	for _, answer := range others {
		if got := <-answer; got.err != nil || !got.moved {
			t.Errorf("%+v", got)
		}
	}
	first.lands <- all(moves)
	last := <-departed
	last.lands <- all(moves)
	if got := <-late; !got.moved || got.rec.Generation != 3 {
		t.Errorf("the late one: %+v", got)
	}
}

// TestNoSessionIsInTheAirTwice lets a crowd ask for a few sessions, and passes some of them over now and then.
func TestNoSessionIsInTheAirTwice(t *testing.T) {
	var mu sync.Mutex
	aloft, generations := map[uuid.UUID]bool{}, map[uuid.UUID]uint32{}
	f := newFleet(3, 4, func(_ context.Context, asked []session.Rotation) ([]landing, error) {
		mu.Lock()
		for _, r := range asked {
			if aloft[r.Session] {
				t.Errorf("%v is in the air twice", r.Session)
			}
			aloft[r.Session] = true
		}
		mu.Unlock()
		runtime.Gosched()
		mu.Lock()
		defer mu.Unlock()
		landings := make([]landing, len(asked))
		for i, r := range asked {
			delete(aloft, r.Session)
			if len(asked) > 1 && rand.IntN(3) == 0 {
				landings[i] = passedOver(r)
				continue
			}
			landings[i] = moves(r)
			if generations[r.Session] != r.Generation {
				landings[i].moved, landings[i].Generation = false, generations[r.Session]
				continue
			}
			generations[r.Session]++
		}
		return landings, nil
	})
	ids := []uuid.UUID{uuid.New(), uuid.New(), uuid.New(), uuid.New(), uuid.New(), uuid.New()}
	var moved atomic.Uint32
	var crowd sync.WaitGroup
	for range 40 {
		crowd.Go(func() {
			for range 100 {
				id := ids[rand.IntN(len(ids))]
				mu.Lock()
				next := of(id, generations[id])
				mu.Unlock()
				if _, once, err := f.rotate(t.Context(), next); err != nil {
					t.Error(err)
				} else if once {
					moved.Add(1)
				}
			}
		})
	}
	crowd.Wait()
	f.close()
	var want uint32
	for _, generation := range generations {
		want += generation
	}
	if moved.Load() != want || f.busy != 0 || len(f.aloft) != 0 || len(f.waiting) != 0 {
		t.Errorf("%d of %d moves were told; left over: %d planes, %d in the air, %d who wait",
			moved.Load(), want, f.busy, len(f.aloft), len(f.waiting))
	}
}
