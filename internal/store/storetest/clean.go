package storetest

import (
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/session"
)

var cleanCases = []testCase{
	{"OnlyTheDeadAreDeleted", onlyTheDead},
	{"TheWalkMeetsEveryRowOnceAndEnds", theWalkEnds},
	{"ABatchLooksAtNoMoreThanItsLimit", aBatchIsBounded},
	{"AnEmptyStoreIsAtItsEnd", emptyStoreIsClean},
	{"Promise13_CleaningNeverHurtsASessionThatRotates", cleaningNeverHurts},
}

// noon is the moment before which the cleaner of these cases calls a row dead.
var noon = start.Add(24 * time.Hour)

func everything(limit int) session.CleanBatch {
	return session.CleanBatch{Limit: limit, EndedBefore: noon, IdleBefore: noon.Add(-30 * 24 * time.Hour)}
}

// sweep walks until the end and returns how many rows it deleted in how many steps.
func (w *world) sweep(b session.CleanBatch) (deleted, steps int) {
	w.Helper()
	for steps = 1; steps < 1000; steps++ {
		next, n, err := w.Sessions.Clean(w.Context(), b)
		w.must(err)
		deleted += n
		if next == (session.Key{}) {
			return deleted, steps
		}
		if string(next.User[:])+string(next.Session[:]) <= string(b.After.User[:])+string(b.After.Session[:]) {
			w.Fatalf("the walk went from %v back to %v", b.After, next)
		}
		b.After = next
	}
	w.Fatal("the walk does not end")
	return 0, 0
}

func onlyTheDead(w *world) {
	u := w.person()
	idle := everything(1).IdleBefore
	add := func(endedAt time.Time, change func(*session.Session)) session.Session {
		s := device(u)
		s.ExpiresAt = noon.Add(time.Hour)
		change(&s)
		w.must(w.Sessions.Create(w.Context(), s))
		if !endedAt.IsZero() {
			w.end(s, session.Ending{At: endedAt, Reason: session.SignedOut})
		}
		return s
	}
	same := func(*session.Session) {}
	dead := map[string]session.Session{
		"ended":   add(noon.Add(-ms), same),
		"expired": add(time.Time{}, func(s *session.Session) { s.ExpiresAt = noon.Add(-ms) }),
		"idle":    add(time.Time{}, func(s *session.Session) { s.RotatedAt = idle.Add(-ms) }),
	}
	kept := map[string]session.Session{
		"live":             add(time.Time{}, same),
		"ended just now":   add(noon, same),
		"expires just now": add(time.Time{}, func(s *session.Session) { s.ExpiresAt = noon }),
		"idle just now":    add(time.Time{}, func(s *session.Session) { s.RotatedAt = idle }),
	}
	before := map[string]session.Record{}
	for name, s := range kept {
		before[name] = w.find(s)
	}
	if deleted, _ := w.sweep(everything(100)); deleted != len(dead) {
		w.Errorf("deleted %d rows, want %d", deleted, len(dead))
	}
	for name, s := range dead {
		if _, err := w.Sessions.Find(w.Context(), s.User, s.ID); err == nil {
			w.Errorf("%s: still there", name)
		} else {
			w.wantError(err, session.ErrNotFound)
		}
	}
	for name, s := range kept {
		w.same(name, w.find(s), before[name])
	}
}

func theWalkEnds(w *world) {
	const people, each = 5, 6
	var live []session.Session
	for range people {
		u := w.person()
		for i := range each {
			s := device(u)
			s.ID = uuid.New() // in no order
			if i%2 == 0 {
				s.ExpiresAt = noon.Add(-time.Hour)
			}
			w.must(w.Sessions.Create(w.Context(), s))
			if i%2 == 1 {
				live = append(live, s)
			}
		}
	}
	for _, limit := range []int{1, 4, 7, 30, 100} {
		deleted, steps := w.sweep(everything(limit))
		if want := map[bool]int{true: people * each / 2}[limit == 1]; deleted != want {
			w.Fatalf("limit %d: deleted %d, want %d", limit, deleted, want)
		}
		if rows := people * each; steps > rows/limit+2 {
			w.Errorf("limit %d: %d steps over %d rows", limit, steps, rows)
		}
		for _, s := range live {
			w.same("a live row", w.find(s).Session, s)
		}
	}
}

func aBatchIsBounded(w *world) {
	u := w.person()
	for range 10 {
		s := device(u)
		s.ExpiresAt = noon.Add(-time.Hour)
		w.must(w.Sessions.Create(w.Context(), s))
	}
	sessions := func() int {
		list, err := w.Sessions.List(w.Context(), u.ID)
		w.must(err)
		return len(list)
	}
	b := everything(3)
	next, deleted, err := w.Sessions.Clean(w.Context(), b)
	w.must(err)
	if deleted != 3 || sessions() != 7 || next.User != u.ID {
		w.Fatalf("deleted %d, %d are left, next %v", deleted, sessions(), next)
	}
	// Whoever begins further on leaves what comes before alone.
	var last uuid.UUID
	for i := range last {
		last[i] = 0xff
	}
	b.After = session.Key{User: last, Session: last}
	next, deleted, err = w.Sessions.Clean(w.Context(), b)
	w.must(err)
	if deleted != 0 || sessions() != 7 || next != (session.Key{}) {
		w.Fatalf("behind the last row: deleted %d, %d are left, next %v", deleted, sessions(), next)
	}
}

func emptyStoreIsClean(w *world) {
	next, deleted, err := w.Sessions.Clean(w.Context(), everything(10))
	w.must(err)
	if next != (session.Key{}) || deleted != 0 {
		w.Fatalf("next %v, deleted %d", next, deleted)
	}
}

// cleaningNeverHurts: rows that a rotation takes from dead to living while the cleaner walks are not lost afterwards.
func cleaningNeverHurts(w *world) {
	const rounds = 30
	living := w.signIn(w.person())
	for range rounds {
		doomed := device(w.owner(living.User))
		doomed.ExpiresAt = noon.Add(-time.Hour)
		w.must(w.Sessions.Create(w.Context(), doomed))
		idle := device(w.owner(living.User))
		idle.RotatedAt = everything(1).IdleBefore.Add(-time.Hour)
		w.must(w.Sessions.Create(w.Context(), idle))
		won := together(3, func(i int) bool {
			if i == 0 {
				w.sweep(everything(10))
				return false
			}
			s := []session.Session{living, idle}[i-1]
			r := rotation(s)
			r.Next.RotatedAt = noon
			_, moved, err := w.Sessions.Rotate(w.Context(), r)
			if i == 2 {
				return moved && err == nil
			}
			if err != nil || !moved {
				w.Errorf("the living session: moved %v, error %v", moved, err)
			}
			return false
		})
		if won == 1 {
			w.find(idle) // whoever was told that it moved has it
		}
		living = w.find(living).Session
		_, err := w.Sessions.Find(w.Context(), doomed.User, doomed.ID)
		w.wantError(err, session.ErrNotFound)
	}
}
