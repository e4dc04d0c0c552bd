package storetest

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/session"
)

var revocationCases = []testCase{
	{"NothingIsRevokedInAnEmptyStore", nothingRevoked},
	{"EveryWayToEndASessionIsWrittenDown", everyEndingIsWritten},
	{"WhatGoesOnOrWasOverIsNot", nothingElseIsWritten},
	{"AStepThatChangesNothingWritesNothingDown", undoneWritesNothing},
	{"ManyEndingsOfOneSessionAreOneRevocation", endedTwiceIsOne},
	{"RecentIsTheNewestOldestFirst", recentIsNewest},
	{"RecentLooksBackNoFurtherThanAsked", recentIsAWindow},
	{"CleaningForgetsTheOldInSmallLots", cleaningForgets},
	{"CleaningSessionsLeavesRevocationsAlone", cleaningSessionsKeeps},
	{"AwaitEndsWithItsContext", awaitEnds},
	{"AwaitHearsOfEveryWayToEndASession", awaitHears},
}

// recent returns the sessions that are revoked, oldest first.
func (w *world) recent(within time.Duration, limit int) (ids []uuid.UUID) {
	w.Helper()
	seen, err := w.Revocations.Recent(w.Context(), within, limit)
	w.must(err)
	if seen.Now.IsZero() {
		w.Fatal("the reading does not say when it was made")
	}
	for i, r := range seen.Revocations {
		if age := seen.Now.Sub(r.At); age < -time.Second || age > within {
			w.Errorf("a revocation of %v ago was found within %v", age, within)
		}
		if i > 0 && r.At.Before(seen.Revocations[i-1].At) {
			w.Error("a newer revocation comes before an older one")
		}
		ids = append(ids, r.Session)
	}
	return ids
}

// wantRevoked fails the case unless exactly these sessions are revoked.
func (w *world) wantRevoked(what string, want ...session.Session) {
	w.Helper()
	got := w.recent(time.Hour, 1000)
	ids := make([]uuid.UUID, len(want))
	for i, s := range want {
		ids[i] = s.ID
	}
	byBytes := func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) }
	slices.SortFunc(got, byBytes)
	slices.SortFunc(ids, byBytes)
	if !slices.Equal(got, ids) {
		w.Fatalf("%s: revoked are %v, want %v", what, got, ids)
	}
}

func nothingRevoked(w *world) {
	w.wantRevoked("an empty store")
	n, err := w.Revocations.Clean(w.Context(), 0, 10)
	w.must(err)
	if n != 0 {
		w.Errorf("cleaned %d", n)
	}
}

// waysToEnd end two of three sessions of one user, or all of them.
var waysToEnd = []struct {
	name string
	ends func(w *world, one, two, three session.Session) []session.Session
}{
	{"End", func(w *world, one, two, _ session.Session) []session.Session {
		w.end(one, signOut)
		w.end(two, session.Ending{At: start, Reason: session.RefreshReused})
		return []session.Session{one, two}
	}},
	{"EndAll but one", func(w *world, one, two, three session.Session) []session.Session {
		w.endAll(one.User, three.ID)
		return []session.Session{one, two}
	}},
	{"EndAll", func(w *world, one, two, three session.Session) []session.Session {
		w.endAll(one.User, uuid.Nil)
		return []session.Session{one, two, three}
	}},
	{"Disable", func(w *world, one, two, three session.Session) []session.Session {
		w.must(w.Users.Disable(w.Context(), one.User, true, start))
		return []session.Session{one, two, three}
	}},
	{"Delete", func(w *world, one, two, three session.Session) []session.Session {
		w.must(w.Users.Delete(w.Context(), one.User))
		return []session.Session{one, two, three}
	}},
	{"ReplacePassword", func(w *world, one, two, three session.Session) []session.Session {
		r := replacement(w.owner(one.User))
		r.Keep = two.ID
		w.must(w.Credentials.ReplacePassword(w.Context(), r))
		return []session.Session{one, three}
	}},
}

func everyEndingIsWritten(w *world) {
	bystander := w.signIn(w.person())
	var revoked []session.Session
	for _, way := range waysToEnd {
		u := w.person()
		revoked = append(revoked, way.ends(w, w.signIn(u), w.signIn(u), w.signIn(u))...)
		w.wantRevoked(way.name, revoked...)
	}
	w.goesOn(bystander)
}

func nothingElseIsWritten(w *world) {
	u := w.person()
	over := w.signIn(u)
	w.end(over, signOut)
	kept := w.signIn(u)
	w.endAll(u.ID, kept.ID)
	quiet := replacement(u)
	quiet.EndSessions = false
	w.must(w.Credentials.ReplacePassword(w.Context(), quiet))
	w.goesOn(kept)
	w.wantRevoked("before", over)
	w.must(w.Users.Disable(w.Context(), u.ID, true, start))
	w.wantRevoked("disabled", over, kept)
	at := w.moment(over)
	w.must(w.Users.Disable(w.Context(), u.ID, true, start))
	w.endAll(u.ID, uuid.Nil)
	w.must(w.Users.Disable(w.Context(), u.ID, false, start))
	w.must(w.Users.Delete(w.Context(), u.ID))
	w.wantRevoked("deleted", over, kept)
	if again := w.moment(over); !again.Equal(at) {
		w.Errorf("what was over at %v was revoked once more at %v", at, again)
	}
}

// moment returns when a session was revoked.
func (w *world) moment(s session.Session) time.Time {
	w.Helper()
	seen, err := w.Revocations.Recent(w.Context(), time.Hour, 1000)
	w.must(err)
	for _, r := range seen.Revocations {
		if r.Session == s.ID {
			return r.At
		}
	}
	w.Fatalf("session %v is not revoked", s.ID)
	return time.Time{}
}

func undoneWritesNothing(w *world) {
	u := w.person()
	s := w.signIn(u)
	wrong := replacement(u)
	wrong.OldHash = "not the stored one"
	if err := w.Credentials.ReplacePassword(w.Context(), wrong); err == nil {
		w.Fatal("a wrong hash was replaced")
	}
	foreign := s
	foreign.User = w.person().ID
	if w.end(foreign, signOut) {
		w.Fatal("a session was ended under another user")
	}
	if err := w.Users.Delete(w.Context(), uuid.New()); err == nil {
		w.Fatal("an unknown user was deleted")
	}
	if err := w.Users.Disable(w.Context(), uuid.New(), true, start); err == nil {
		w.Fatal("an unknown user was disabled")
	}
	left, cancel := context.WithCancel(w.Context())
	cancel()
	if _, err := w.Sessions.End(left, s.User, s.ID, signOut); err == nil {
		w.Fatal("a step was made for a caller who had left")
	}
	w.wantRevoked("nothing was ended")
	w.goesOn(s)
}

func endedTwiceIsOne(w *world) {
	u := w.person()
	s := w.signIn(u)
	together(20, func(i int) bool {
		if i%2 == 0 {
			return w.end(s, signOut)
		}
		_, err := w.Sessions.EndAll(w.Context(), u.ID, uuid.Nil, everywhere)
		if err != nil {
			w.Error(err)
		}
		return false
	})
	w.wantRevoked("ended many times", s)
}

func recentIsNewest(w *world) {
	u := w.person()
	var all []uuid.UUID
	for range 6 {
		s := w.signIn(u)
		w.end(s, signOut)
		all = append(all, s.ID)
		before := w.moment(s)
		w.until("the database's clock to move", func() bool { return w.databaseClock().After(before.Add(ms)) })
	}
	for limit := range 8 {
		if got, want := w.recent(time.Hour, limit), all[max(0, len(all)-limit):]; !slices.Equal(got, want) {
			w.Errorf("limit %d: %v, want %v", limit, got, want)
		}
	}
}

func recentIsAWindow(w *world) {
	u := w.person()
	old := w.signIn(u)
	w.end(old, signOut)
	at := w.moment(old)
	w.until("the revocation to grow old", func() bool { return w.databaseClock().Sub(at) > 50*ms })
	fresh := w.signIn(u)
	w.end(fresh, signOut)
	gap := w.moment(fresh).Sub(at)
	if gap <= 0 {
		w.Fatalf("the second revocation came %v after the first", gap)
	}
	// The window is counted from the reading, which comes a moment after the second.
	w.until("the first to fall out of the window", func() bool { return !slices.Contains(w.recent(gap, 10), old.ID) })
	if !slices.Contains(w.recent(time.Hour, 10), old.ID) {
		w.Error("a wide window does not show it")
	}
}

func cleaningForgets(w *world) {
	u := w.person()
	for range 7 {
		w.signIn(u)
	}
	w.endAll(u.ID, uuid.Nil)
	clean := func(olderThan time.Duration, limit, want int) {
		w.Helper()
		n, err := w.Revocations.Clean(w.Context(), olderThan, limit)
		w.must(err)
		if n != want {
			w.Fatalf("cleaned %d, want %d", n, want)
		}
	}
	clean(time.Hour, 100, 0)
	last := w.databaseClock()
	w.until("the database's clock to move", func() bool { return w.databaseClock().After(last.Add(ms)) })
	clean(0, 3, 3)
	if got := w.recent(time.Hour, 100); len(got) != 4 {
		w.Fatalf("%d are left, want 4", len(got))
	}
	clean(0, 3, 3)
	clean(0, 3, 1)
	clean(0, 3, 0)
	w.wantRevoked("all are forgotten")
}

func cleaningSessionsKeeps(w *world) {
	u := w.person()
	s := w.signIn(u)
	w.end(s, session.Ending{At: noon.Add(-time.Hour), Reason: session.SignedOut})
	expired := device(u)
	expired.ExpiresAt = noon.Add(-time.Hour)
	w.must(w.Sessions.Create(w.Context(), expired))
	if deleted, _ := w.sweep(everything(10)); deleted != 2 {
		w.Fatalf("%d sessions were cleaned, want 2", deleted)
	}
	w.wantRevoked("ended, and its row is gone", s)
}

func awaitEnds(w *world) {
	ctx, cancel := context.WithCancel(w.Context())
	done := make(chan struct{})
	go func() { w.Revocations.Await(ctx); close(done) }()
	cancel()
	<-done
	w.Revocations.Await(ctx)
}

// awaitHears: whoever awaits in this process is woken after each step that ends sessions, and finds them. One who begins
// to wait too late for one step is woken by the next, so the step is made until it is heard.
func awaitHears(w *world) {
	for _, way := range waysToEnd {
		heard := make(chan struct{})
		ctx, cancel := context.WithTimeout(w.Context(), time.Minute)
		go func() { w.Revocations.Await(ctx); close(heard) }()
		w.until(way.name+" to be heard", func() bool {
			u := w.person()
			ended := way.ends(w, w.signIn(u), w.signIn(u), w.signIn(u))
			if got := w.recent(time.Hour, 1000); !slices.Contains(got, ended[0].ID) {
				w.Fatalf("%s: it is not found", way.name)
			}
			select {
			case <-heard:
				return true
			default:
				return false
			}
		})
		if ctx.Err() != nil {
			w.Errorf("%s: nobody was woken", way.name)
		}
		cancel()
	}
}

func (w *world) databaseClock() time.Time {
	w.Helper()
	seen, err := w.Revocations.Recent(w.Context(), 0, 0)
	w.must(err)
	return seen.Now
}

// until waits for a condition.
func (w *world) until(what string, holds func() bool) {
	w.Helper()
	deadline := time.Now().Add(time.Minute)
	for !holds() {
		if time.Now().After(deadline) {
			w.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(ms)
	}
}
