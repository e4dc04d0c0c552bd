package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/session"
)

var contextCases = []testCase{
	{"ACallWhoseContextHasEndedDoesNothing", endedContextDoesNothing},
	{"CallersThatLeaveHurtNobody", leavingHurtsNobody},
}

func endedContextDoesNothing(w *world) {
	u := w.person()
	s := w.signIn(u)
	k := signingKey("k", 0)
	w.must(w.Keys.Add(w.Context(), k, ""))
	ctx, cancel := context.WithCancel(w.Context())
	cancel()
	for name, call := range map[string]func() error{
		"Sessions.Create":             func() error { return w.Sessions.Create(ctx, device(u)) },
		"Sessions.Rotate":             func() error { _, _, err := w.Sessions.Rotate(ctx, rotation(s)); return err },
		"Sessions.Find":               func() error { _, err := w.Sessions.Find(ctx, u.ID, s.ID); return err },
		"Sessions.List":               func() error { _, err := w.Sessions.List(ctx, u.ID); return err },
		"Sessions.End":                func() error { _, err := w.Sessions.End(ctx, u.ID, s.ID, signOut); return err },
		"Sessions.EndAll":             func() error { _, err := w.Sessions.EndAll(ctx, u.ID, uuid.Nil, everywhere); return err },
		"Sessions.Clean":              func() error { _, _, err := w.Sessions.Clean(ctx, everything(10)); return err },
		"Users.Create":                func() error { return w.Users.Create(ctx, anyone(), "x") },
		"Users.Find":                  func() error { _, err := w.Users.Find(ctx, u.ID); return err },
		"Users.FindByIdentifier":      func() error { _, err := w.Users.FindByIdentifier(ctx, "x@example.org"); return err },
		"Users.Update":                func() error { _, err := w.Users.Update(ctx, u.ID, change().name("X").Change, start); return err },
		"Users.Disable":               func() error { return w.Users.Disable(ctx, u.ID, true, start) },
		"Users.Delete":                func() error { return w.Users.Delete(ctx, u.ID) },
		"Users.List":                  func() error { _, err := w.Users.List(ctx, uuid.Nil, 1); return err },
		"Credentials.PasswordHash":    func() error { _, err := w.Credentials.PasswordHash(ctx, u.ID); return err },
		"Credentials.ReplacePassword": func() error { return w.Credentials.ReplacePassword(ctx, replacement(u)) },
		"Limits.Take":                 func() error { _, err := w.Limits.Take(ctx, "k", five, start); return err },
		"Limits.GiveBack":             func() error { return w.Limits.GiveBack(ctx, "k", five) },
		"Limits.Forget":               func() error { return w.Limits.Forget(ctx, "k") },
		"Limits.Clean":                func() error { _, err := w.Limits.Clean(ctx, start, 1); return err },
		"Keys.List":                   func() error { _, err := w.Keys.List(ctx); return err },
		"Keys.Add":                    func() error { return w.Keys.Add(ctx, signingKey("l", time.Hour), "k") },
		"Keys.Reseal":                 func() error { return w.Keys.Reseal(ctx, "k", k.Sealed, []byte("x")) },
		"Keys.Revoke":                 func() error { return w.Keys.Revoke(ctx, "k", start) },
		"Keys.Delete":                 func() error { return w.Keys.Delete(ctx, "k") },
		"Revocations.Recent":          func() error { _, err := w.Revocations.Recent(ctx, time.Hour, 1); return err },
		"Revocations.Clean":           func() error { _, err := w.Revocations.Clean(ctx, 0, 1); return err },
	} {
		if err := call(); !errors.Is(err, context.Canceled) {
			w.Errorf("%s: error %v, want %v", name, err, context.Canceled)
		}
	}
	w.same("record", w.find(s), session.Record{Session: s, Owner: u})
	w.wantKeys(k)
	for range five.Burst {
		w.take("k", five, 0, 0)
	}
	if got := w.hash(u); got != hashOf(u) {
		w.Errorf("hash %q", got)
	}
	people, err := w.Users.List(w.Context(), uuid.Nil, 10)
	w.must(err)
	if len(people) != 1 {
		w.Errorf("%d users, want 1", len(people))
	}
	w.goesOn(s)
}

// leavingHurtsNobody: half of the callers leave at some moment of their step, the others get their answers.
func leavingHurtsNobody(w *world) {
	const people = 20
	sessions := make([]session.Session, people)
	for i := range sessions {
		sessions[i] = w.signIn(w.person())
	}
	together(people, func(i int) bool {
		leaves := i%2 == 0
		own := sessions[i]
		for range 20 {
			ctx, cancel := context.WithCancel(w.Context())
			if leaves {
				go cancel()
			}
			rec, moved, err := w.Sessions.Rotate(ctx, rotation(own))
			cancel()
			switch {
			case err == nil && (moved || leaves): // one that left may have moved it the time before
				own = rec.Session
			case leaves && errors.Is(err, context.Canceled):
			default:
				w.Errorf("moved %v, error %v", moved, err)
				return false
			}
		}
		return true
	})
	for _, s := range sessions {
		w.goesOn(s)
	}
}
