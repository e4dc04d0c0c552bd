package storetest

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/credential"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/user"
)

// ending is one way in which a session ends before its time.
type ending struct {
	name string
	do   func(w *world, s session.Session) error
	// one says that it ends that session alone; the others refuse a sign-in under way too.
	one bool
}

var endings = []ending{
	{name: "End", one: true, do: func(w *world, s session.Session) error {
		_, err := w.Sessions.End(w.Context(), s.User, s.ID, signOut)
		return err
	}},
	{name: "EndAll", do: func(w *world, s session.Session) error {
		_, err := w.Sessions.EndAll(w.Context(), s.User, uuid.Nil, everywhere)
		return err
	}},
	{name: "Disable", do: func(w *world, s session.Session) error {
		return w.Users.Disable(w.Context(), s.User, true, start)
	}},
	{name: "ReplacePassword", do: func(w *world, s session.Session) error {
		return w.Credentials.ReplacePassword(w.Context(), credential.Replacement{
			User: s.User, OldHash: hashOf(user.User{ID: s.User}), NewHash: "$new$", EndSessions: true, At: start,
		})
	}},
	{name: "Delete", do: func(w *world, s session.Session) error { return w.Users.Delete(w.Context(), s.User) }},
}

var raceCases = func() (cases []testCase) {
	for _, e := range endings {
		cases = append(cases,
			testCase{"Promise12_" + e.name + "BeforeRotate", func(w *world) { endThenRotate(w, e) }},
			testCase{"Promise12_" + e.name + "AfterRotate", func(w *world) { rotateThenEnd(w, e) }},
			testCase{"Promise12_" + e.name + "WhileRotating", func(w *world) { endWhileRotating(w, e) }},
		)
		if !e.one {
			cases = append(cases,
				testCase{"Promise12_" + e.name + "WhileSigningIn", func(w *world) { endWhileSigningIn(w, e) }})
		}
	}
	return append(cases, testCase{"Promise12_KeptSessionRotatesThroughEndAll", keptWhileRotating})
}()

func endThenRotate(w *world, e ending) {
	s := w.signIn(w.person())
	w.must(e.do(w, s))
	_, moved, err := w.Sessions.Rotate(w.Context(), rotation(s)) // made from what was read before
	if err != nil && !errors.Is(err, session.ErrNotFound) {
		w.Fatal(err)
	}
	if moved {
		w.Fatal("a rotation undid the ending")
	}
	w.isOver(s)
}

func rotateThenEnd(w *world, e ending) {
	s := w.signIn(w.person())
	_, moved, err := w.Sessions.Rotate(w.Context(), rotation(s))
	w.must(err)
	if !moved {
		w.Fatal("did not move")
	}
	w.must(e.do(w, s))
	w.isOver(s)
}

// endWhileRotating lets rotations run without a pause and ends the session among them. A rotation that began after the
// ending had returned must not move anything.
func endWhileRotating(w *world, e ending) {
	for range 8 {
		s := w.signIn(w.person())
		var ended, stop atomic.Bool
		var rotating sync.WaitGroup
		moving := make(chan struct{}, 1)
		for range 4 {
			rotating.Go(func() {
				own := s
				for !stop.Load() {
					late := ended.Load()
					rec, moved, err := w.Sessions.Rotate(w.Context(), rotation(own))
					switch {
					case errors.Is(err, session.ErrNotFound):
					case err != nil:
						w.Error(err)
						return
					default:
						own = rec.Session
					}
					if moved && late {
						w.Error("a rotation moved after the session had ended")
					}
					select {
					case moving <- struct{}{}:
					default:
					}
				}
			})
		}
		<-moving
		err := e.do(w, s)
		ended.Store(true)
		w.isOver(s)
		stop.Store(true)
		rotating.Wait()
		w.must(err)
		w.isOver(s)
	}
}

// endWhileSigningIn: a sign-in that read the user before the ending leaves no live session behind it.
func endWhileSigningIn(w *world, e ending) {
	for range 8 {
		u := w.person()
		first := w.signIn(u)
		made := make([]session.Session, 21) // but for the one in the middle, who ends
		together(len(made), func(i int) bool {
			if i == len(made)/2 {
				if err := e.do(w, first); err != nil {
					w.Error(err)
				}
				return true
			}
			made[i] = device(u)
			err := w.Sessions.Create(w.Context(), made[i])
			if err != nil && !errors.Is(err, session.ErrUserChanged) {
				w.Error(err)
			}
			return err == nil
		})
		w.isOver(first)
		for _, s := range made {
			if s.ID != uuid.Nil {
				w.isOver(s)
			}
		}
	}
}

// keptWhileRotating: the session that "sign out everywhere else" was asked from is not lost in the race either.
func keptWhileRotating(w *world) {
	for range 8 {
		u := w.person()
		kept := w.signIn(u)
		together(5, func(i int) bool {
			if i == 0 {
				if _, err := w.Sessions.EndAll(w.Context(), u.ID, kept.ID, everywhere); err != nil {
					w.Error(err)
				}
				return true
			}
			own := kept
			for range 5 {
				rec, _, err := w.Sessions.Rotate(w.Context(), rotation(own))
				if err != nil {
					w.Error(err)
					return false
				}
				own = rec.Session
			}
			return true
		})
		if got := w.find(kept); !got.EndedAt.IsZero() || got.Epoch != got.Owner.Epoch {
			w.Fatalf("the kept session is over: %+v", got)
		}
		w.goesOn(kept)
	}
}
