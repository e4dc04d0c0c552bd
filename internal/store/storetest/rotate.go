package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/session"
)

var rotateCases = []testCase{
	{"MovesTheLineageAndNothingElse", rotateMovesTheLineage},
	{"EachConditionAloneRefuses", eachConditionRefuses},
	{"ConditionsAreExactToTheMillisecond", conditionsAreExact},
	{"TheNextLineageIsWhateverTheCallerSays", anyNextLineage},
	{"UnknownSessionsAreNotFound", rotateUnknown},
	{"Promise24_AChangedRoleIsInTheNextRecord", roleInTheNextRecord},
	{"Promise9_AHundredUsesOfOneGenerationMoveItOnce", aHundredRotateOnce},
	{"Promise9_RotationsInTurnNeverForkTheLineage", rotationsInTurn},
	{"Promise13_RowsDoNotGrowWithRotations", rowsDoNotGrow},
}

func rotateMovesTheLineage(w *world) {
	u := w.person()
	s, bystander := w.signIn(u), w.signIn(u)
	for range 5 {
		r := rotation(s)
		rec, moved, err := w.Sessions.Rotate(w.Context(), r)
		w.must(err)
		if !moved {
			w.Fatal("a live session did not move")
		}
		s.Lineage = r.Next
		w.same("record", rec, session.Record{Session: s, Owner: u})
		w.same("stored", w.find(s), rec)
	}
	w.same("another device", w.find(bystander).Session, bystander)
}

func eachConditionRefuses(w *world) {
	for name, spoil := range map[string]func(s session.Session, r *session.Rotation){
		"an older generation":       func(_ session.Session, r *session.Rotation) { r.Generation-- },
		"a newer generation":        func(_ session.Session, r *session.Rotation) { r.Generation++ },
		"within the refresh window": func(s session.Session, r *session.Rotation) { r.RotatedBefore = s.RotatedAt },
		"idle for too long":         func(s session.Session, r *session.Rotation) { r.RotatedAfter = s.RotatedAt },
		"expired":                   func(s session.Session, r *session.Rotation) { r.Now = s.ExpiresAt },
		"ended": func(s session.Session, _ *session.Rotation) {
			_, err := w.Sessions.End(w.Context(), s.User, s.ID, session.Ending{At: start, Reason: session.SignedOut})
			w.must(err)
		},
		"a disabled user": func(s session.Session, _ *session.Rotation) {
			w.must(w.Users.Disable(w.Context(), s.User, true, start))
		},
		"another epoch": func(s session.Session, _ *session.Rotation) {
			_, err := w.Sessions.EndAll(w.Context(), s.User, uuid.Nil, session.Ending{At: start, Reason: session.SignedOutEverywhere})
			w.must(err)
		},
	} {
		s := w.signIn(w.person())
		r := rotation(s)
		_, moved, err := w.Sessions.Rotate(w.Context(), r)
		w.must(err)
		if !moved {
			w.Fatalf("before %s: did not move", name)
		}
		s.Lineage = r.Next
		r = rotation(s)
		spoil(s, &r)
		before := w.find(s)
		rec, moved, err := w.Sessions.Rotate(w.Context(), r)
		w.must(err)
		if moved {
			w.Errorf("%s: moved", name)
		}
		w.same(name+": record", rec, before)
		w.same(name+": stored", w.find(s), before)
	}
}

func conditionsAreExact(w *world) {
	for name, spoil := range map[string]func(s session.Session, r *session.Rotation){
		"the window is just over":      func(s session.Session, r *session.Rotation) { r.RotatedBefore = s.RotatedAt.Add(ms) },
		"the idle timeout is just not": func(s session.Session, r *session.Rotation) { r.RotatedAfter = s.RotatedAt.Add(-ms) },
		"the last millisecond":         func(s session.Session, r *session.Rotation) { r.Now = s.ExpiresAt.Add(-ms) },
		"a clock that stepped back":    func(s session.Session, r *session.Rotation) { r.Next.RotatedAt = s.RotatedAt.Add(-time.Hour) },
	} {
		s := w.signIn(w.person())
		r := rotation(s)
		spoil(s, &r)
		_, moved, err := w.Sessions.Rotate(w.Context(), r)
		w.must(err)
		if !moved {
			w.Errorf("%s: did not move", name)
		}
		s.Lineage = r.Next
		w.same(name, w.find(s).Session, s)
	}
}

// anyNextLineage: after a restored backup a session goes on from the generation that the token tells.
func anyNextLineage(w *world) {
	s := w.signIn(w.person())
	r := rotation(s)
	r.Next = session.Lineage{Generation: 70_001, Parent: 70_000, RotatedAt: r.Now}
	rec, moved, err := w.Sessions.Rotate(w.Context(), r)
	w.must(err)
	if !moved || rec.Lineage.Generation != 70_001 || rec.Lineage.Parent != 70_000 {
		w.Fatalf("moved %v to %+v", moved, rec.Lineage)
	}
	w.goesOn(s)
}

func rotateUnknown(w *world) {
	ada, bob := w.person(), w.person()
	s := w.signIn(ada)
	foreign, unknown, gone := s, s, w.signIn(bob)
	foreign.User = bob.ID
	unknown.ID = uuid.New()
	w.must(w.Users.Delete(w.Context(), bob.ID))
	for name, s := range map[string]session.Session{
		"another user's": foreign, "unknown": unknown, "a deleted user's": gone, "nobody's": {},
	} {
		_, moved, err := w.Sessions.Rotate(w.Context(), rotation(s))
		if !errors.Is(err, session.ErrNotFound) || moved {
			w.Errorf("%s: moved %v, error %v", name, moved, err)
		}
	}
	w.same("untouched", w.find(s).Session, s)
}

func roleInTheNextRecord(w *world) {
	u := w.person()
	s := w.signIn(u)
	changed, err := w.Users.Update(w.Context(), u.ID, change().roles([]string{"admin"}).name("Ada King").Change, start.Add(time.Minute))
	w.must(err)
	rec, moved, err := w.Sessions.Rotate(w.Context(), rotation(s))
	w.must(err)
	if !moved {
		w.Fatal("a changed role ended the session")
	}
	w.same("owner", rec.Owner, changed)
}

// aHundredRotateOnce is STD-12: however many use one token at once, there is one successor and all see it.
func aHundredRotateOnce(w *world) {
	s := w.signIn(w.person())
	for range 5 {
		r := rotation(s)
		want := s
		want.Lineage = r.Next
		records := make([]session.Record, 100)
		winners := together(len(records), func(i int) bool {
			rec, moved, err := w.Sessions.Rotate(w.Context(), r)
			if err != nil {
				w.Error(err)
			}
			records[i] = rec
			return moved
		})
		if winners != 1 {
			w.Fatalf("%d rotations moved one generation, want 1", winners)
		}
		for _, rec := range records {
			w.same("what each of them saw", rec.Session, want)
		}
		s = want
	}
}

// rotationsInTurn: many holders that always use what they saw last make one chain with no number left out.
func rotationsInTurn(w *world) {
	s := w.signIn(w.person())
	var moves atomic.Int64
	together(8, func(int) bool {
		own := s
		for range 25 {
			r := rotation(own)
			r.Next.RotatedAt = start
			r.RotatedBefore = start.Add(ms)
			rec, moved, err := w.Sessions.Rotate(w.Context(), r)
			if err != nil {
				w.Error(err)
				return false
			}
			if moved {
				moves.Add(1)
			}
			own = rec.Session
		}
		return true
	})
	got := w.find(s)
	if want := 1 + moves.Load(); int64(got.Generation) != want || int64(got.Parent) != want-1 {
		w.Fatalf("generation %d with parent %d after %d moves", got.Generation, got.Parent, moves.Load())
	}
}

func rowsDoNotGrow(w *world) {
	const people, rotations = 100, 100
	sessions := make([]session.Session, people)
	for i := range sessions {
		sessions[i] = w.signIn(w.person())
	}
	var all sync.WaitGroup
	errs := make(chan error, people)
	for _, s := range sessions {
		all.Go(func() {
			for range rotations {
				rec, moved, err := w.Sessions.Rotate(w.Context(), rotation(s))
				if err != nil || !moved {
					errs <- fmt.Errorf("moved %v, error %w", moved, err)
					return
				}
				s = rec.Session
			}
		})
	}
	all.Wait()
	close(errs)
	for err := range errs {
		w.Fatal(err)
	}
	for _, s := range sessions {
		list, err := w.Sessions.List(w.Context(), s.User)
		w.must(err)
		if len(list) != 1 || list[0].ID != s.ID || list[0].Generation != rotations+1 {
			w.Fatalf("%d rows after %d rotations of one session", len(list), rotations)
		}
	}
}
