package storetest

import (
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/session"
)

var endingCases = []testCase{
	{"EndLeavesAloneWhatIsOverOrUnknown", endLeavesAlone},
	{"EndOfOneSessionIsReportedOnce", endOnce},
	{"EndAllEndsEveryLiveSession", endAllEndsEvery},
	{"EndAllTakesTheKeptSessionAlong", endAllKeeps},
	{"EndAllKeepsNothingThatIsOverOrForeign", endAllKeepsNothingElse},
	{"EndAllRefusesASignInUnderWay", endAllRefusesSignIn},
	{"EndAllOfAnUnknownUserEndsNothing", endAllUnknown},
	{"EndAllOfADisabledUserRaisesTheEpoch", endAllDisabled},
}

var (
	signOut    = session.Ending{At: start.Add(time.Hour), Reason: session.SignedOut}
	everywhere = session.Ending{At: start.Add(2 * time.Hour), Reason: session.SignedOutEverywhere}
)

func (w *world) end(s session.Session, e session.Ending) bool {
	w.Helper()
	ended, err := w.Sessions.End(w.Context(), s.User, s.ID, e)
	w.must(err)
	return ended
}

func (w *world) endAll(user, keep uuid.UUID) int {
	w.Helper()
	n, err := w.Sessions.EndAll(w.Context(), user, keep, everywhere)
	w.must(err)
	return n
}

func endLeavesAlone(w *world) {
	ada, bob, shut := w.person(), w.person(), w.person()
	over, live := w.signIn(ada), w.signIn(ada)
	of := w.signIn(shut)
	if !w.end(over, signOut) {
		w.Fatal("a live session was not ended")
	}
	w.must(w.Users.Disable(w.Context(), shut.ID, true, start))
	foreign := live
	foreign.User = bob.ID
	unknown := live
	unknown.ID = uuid.New()
	for name, s := range map[string]session.Session{
		"ended before": over, "under another user": foreign, "unknown": unknown, "of a disabled user": of, "nobody's": {},
	} {
		if w.end(s, everywhere) {
			w.Errorf("%s: reported as ended", name)
		}
	}
	w.wantEnded(over, signOut.At, signOut.Reason)
	w.wantEnded(of, start, session.UserDisabled)
	w.same("the live one", w.find(live).Session, live)
	w.goesOn(live)
}

func endOnce(w *world) {
	s := w.signIn(w.person())
	winners := together(50, func(i int) bool {
		e := session.Ending{At: start.Add(time.Duration(i) * time.Second), Reason: session.SignedOut}
		ended, err := w.Sessions.End(w.Context(), s.User, s.ID, e)
		if err != nil {
			w.Error(err)
		}
		return ended
	})
	if winners != 1 {
		w.Fatalf("%d calls ended one session", winners)
	}
}

func endAllEndsEvery(w *world) {
	u, other := w.person(), w.person()
	bystander := w.signIn(other)
	over := w.signIn(u)
	w.end(over, signOut)
	live := []session.Session{w.signIn(u), w.signIn(u), w.signIn(u)}
	if n := w.endAll(u.ID, uuid.Nil); n != len(live) {
		w.Fatalf("ended %d, want %d", n, len(live))
	}
	for _, s := range live {
		w.wantEnded(s, everywhere.At, everywhere.Reason)
		if got := w.find(s).Epoch; got != u.Epoch {
			w.Errorf("an ended session got epoch %d", got)
		}
	}
	w.wantEnded(over, signOut.At, signOut.Reason)
	u.Epoch++
	w.same("user", w.owner(u.ID), u)
	w.same("another user", w.owner(other.ID), other)
	w.goesOn(bystander)
	if n := w.endAll(u.ID, uuid.Nil); n != 0 {
		w.Errorf("ended %d once more", n)
	}
	if got := w.owner(u.ID).Epoch; got != u.Epoch+1 {
		w.Errorf("epoch %d, want %d", got, u.Epoch+1)
	}
}

func endAllKeeps(w *world) {
	u := w.person()
	kept := w.signIn(u)
	for range 3 {
		gone := device(w.owner(u.ID))
		w.must(w.Sessions.Create(w.Context(), gone))
		if n := w.endAll(u.ID, kept.ID); n != 1 {
			w.Fatalf("ended %d, want 1", n)
		}
		w.wantEnded(gone, everywhere.At, everywhere.Reason)
		kept.Epoch++
		w.same("kept", w.find(kept).Session, kept)
		w.goesOn(kept)
		kept = w.find(kept).Session
	}
	if got := w.owner(u.ID).Epoch; got != kept.Epoch {
		w.Fatalf("the user has epoch %d, the kept session %d", got, kept.Epoch)
	}
}

func endAllKeepsNothingElse(w *world) {
	ada, bob := w.person(), w.person()
	over, live, his := w.signIn(ada), w.signIn(ada), w.signIn(bob)
	w.end(over, signOut)
	before := w.find(over)
	if n := w.endAll(ada.ID, over.ID); n != 1 {
		w.Fatalf("ended %d, want 1", n)
	}
	before.Owner.Epoch++
	w.same("a session that was over", w.find(over), before)
	w.isOver(over)
	w.wantEnded(live, everywhere.At, everywhere.Reason)
	if n := w.endAll(ada.ID, his.ID); n != 0 {
		w.Fatalf("ended %d, want none", n)
	}
	w.same("another user's session", w.find(his), session.Record{Session: his, Owner: bob})
}

func endAllRefusesSignIn(w *world) {
	u := w.person()
	pending := device(u) // made from the user as read before
	w.endAll(u.ID, uuid.Nil)
	w.wantError(w.Sessions.Create(w.Context(), pending), session.ErrUserChanged)
	fresh := device(w.owner(u.ID))
	w.must(w.Sessions.Create(w.Context(), fresh))
	w.goesOn(fresh)
}

func endAllUnknown(w *world) {
	s := w.signIn(w.person())
	if n := w.endAll(uuid.New(), s.ID); n != 0 {
		w.Errorf("ended %d", n)
	}
	if n := w.endAll(uuid.Nil, uuid.Nil); n != 0 {
		w.Errorf("ended %d", n)
	}
	w.goesOn(s)
}

func endAllDisabled(w *world) {
	u := w.person()
	s := w.signIn(u)
	w.must(w.Users.Disable(w.Context(), u.ID, true, start))
	epoch := w.owner(u.ID).Epoch
	if n := w.endAll(u.ID, s.ID); n != 0 {
		w.Errorf("ended %d of a disabled user", n)
	}
	if got := w.owner(u.ID).Epoch; got != epoch+1 {
		w.Errorf("epoch %d, want %d", got, epoch+1)
	}
	w.wantEnded(s, start, session.UserDisabled)
}
