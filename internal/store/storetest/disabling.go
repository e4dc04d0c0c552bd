package storetest

import (
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/credential"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/user"
)

var disableCases = []testCase{
	{"DisablingEndsEveryLiveSession", disablingEnds},
	{"DisablingAgainChangesNothing", disablingAgain},
	{"EnablingBringsNoSessionBack", enablingBringsNothingBack},
	{"AnUnknownUserIsNotFound", disableUnknown},
	{"DeletingRemovesEverything", deletingRemoves},
	{"DeletingIsReportedOnce", deletingOnce},
}

func disablingEnds(w *world) {
	u, other := w.person(), w.person()
	bystander := w.signIn(other)
	over := w.signIn(u)
	w.end(over, signOut)
	live := []session.Session{w.signIn(u), w.signIn(u)}
	at := start.Add(3 * time.Hour)
	w.must(w.Users.Disable(w.Context(), u.ID, true, at))
	u.DisabledAt = at
	u.Epoch++
	w.same("user", w.owner(u.ID), u)
	for _, s := range live {
		w.wantEnded(s, at, session.UserDisabled)
	}
	w.wantEnded(over, signOut.At, signOut.Reason)
	w.same("another user", w.owner(other.ID), other)
	w.goesOn(bystander)
	if hash, err := w.Credentials.PasswordHash(w.Context(), u.ID); err != nil || hash != hashOf(u) {
		w.Errorf("password %q, error %v", hash, err)
	}
}

func disablingAgain(w *world) {
	u := w.person()
	s := w.signIn(u)
	w.must(w.Users.Disable(w.Context(), u.ID, false, start.Add(time.Hour))) // was enabled
	w.same("enabled twice", w.owner(u.ID), u)
	w.goesOn(s)
	w.must(w.Users.Disable(w.Context(), u.ID, true, start.Add(time.Hour)))
	before, ended := w.owner(u.ID), w.find(s)
	w.must(w.Users.Disable(w.Context(), u.ID, true, start.Add(2*time.Hour)))
	w.same("disabled twice", w.owner(u.ID), before)
	w.same("session", w.find(s), ended)
}

func enablingBringsNothingBack(w *world) {
	u := w.person()
	s := w.signIn(u)
	at := start.Add(time.Hour)
	w.must(w.Users.Disable(w.Context(), u.ID, true, at))
	w.must(w.Users.Disable(w.Context(), u.ID, false, at.Add(time.Hour)))
	u.Epoch++
	w.same("user", w.owner(u.ID), u)
	w.wantEnded(s, at, session.UserDisabled)
	fresh := w.signIn(u)
	w.goesOn(fresh)
}

func disableUnknown(w *world) {
	for _, disabled := range []bool{true, false} {
		w.wantError(w.Users.Disable(w.Context(), uuid.New(), disabled, start), user.ErrNotFound)
	}
}

func deletingRemoves(w *world) {
	u := anyone()
	u.Username = "ada"
	w.must(w.Users.Create(w.Context(), u, hashOf(u)))
	other := w.person()
	bystander := w.signIn(other)
	live, over := w.signIn(u), w.signIn(u)
	w.end(over, signOut)
	w.must(w.Users.Delete(w.Context(), u.ID))

	_, err := w.Users.Find(w.Context(), u.ID)
	w.wantError(err, user.ErrNotFound)
	_, err = w.Credentials.PasswordHash(w.Context(), u.ID)
	w.wantError(err, credential.ErrNotFound)
	for _, key := range []string{user.Key(u.Email), "ada"} {
		_, err = w.Users.FindByIdentifier(w.Context(), key)
		w.wantError(err, user.ErrNotFound)
	}
	for _, s := range []session.Session{live, over} {
		_, err := w.Sessions.Find(w.Context(), u.ID, s.ID)
		w.wantError(err, session.ErrNotFound)
		if w.end(s, everywhere) {
			w.Error("a deleted session was ended")
		}
	}
	list, err := w.Sessions.List(w.Context(), u.ID)
	w.must(err)
	if len(list) != 0 {
		w.Errorf("%d sessions are left", len(list))
	}
	people, err := w.Users.List(w.Context(), uuid.Nil, 10)
	w.must(err)
	if len(people) != 1 {
		w.Errorf("%d users are left, want 1", len(people))
	}
	w.goesOn(bystander)
	again := anyone()
	again.Email, again.Username = u.Email, u.Username
	w.must(w.Users.Create(w.Context(), again, hashOf(again)))
}

func deletingOnce(w *world) {
	w.wantError(w.Users.Delete(w.Context(), uuid.New()), user.ErrNotFound)
	u := w.person()
	winners := together(10, func(int) bool { return w.Users.Delete(w.Context(), u.ID) == nil })
	if winners != 1 {
		w.Errorf("%d calls deleted one user", winners)
	}
	w.wantError(w.Users.Delete(w.Context(), u.ID), user.ErrNotFound)
}
