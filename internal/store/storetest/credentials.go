package storetest

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/credential"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/user"
)

var credentialCases = []testCase{
	{"AUserWithoutAPasswordHasNone", noPassword},
	{"ReplacingEndsEverySessionButTheKept", replacingEnds},
	{"ReplacingWithoutEndingLeavesSessionsAlone", replacingQuietly},
	{"ReplacingKeepsNothingWhenToldSo", replacingKeepsNothing},
	{"AConflictChangesNothing", conflictChangesNothing},
	{"OneOfManyReplacesAHash", oneReplaces},
}

func (w *world) hash(u user.User) string {
	w.Helper()
	hash, err := w.Credentials.PasswordHash(w.Context(), u.ID)
	w.must(err)
	return hash
}

// replacement changes the first password of u and ends its sessions.
func replacement(u user.User) credential.Replacement {
	return credential.Replacement{
		User: u.ID, OldHash: hashOf(u), NewHash: "$argon2id$new", EndSessions: true, At: start.Add(time.Hour),
	}
}

func noPassword(w *world) {
	_, err := w.Credentials.PasswordHash(w.Context(), uuid.New())
	w.wantError(err, credential.ErrNotFound)
	w.wantError(w.Credentials.ReplacePassword(w.Context(), replacement(anyone())), credential.ErrNotFound)
	u := anyone()
	w.must(w.Users.Create(w.Context(), u, "")) // one who will sign in by other means
	_, err = w.Credentials.PasswordHash(w.Context(), u.ID)
	w.wantError(err, credential.ErrNotFound)
	r := replacement(u)
	r.OldHash = ""
	w.wantError(w.Credentials.ReplacePassword(w.Context(), r), credential.ErrNotFound)
	w.same("user", w.owner(u.ID), u)
}

func replacingEnds(w *world) {
	u, other := w.person(), w.person()
	bystander := w.signIn(other)
	kept, gone, over := w.signIn(u), w.signIn(u), w.signIn(u)
	w.end(over, signOut)
	r := replacement(u)
	r.Keep = kept.ID
	w.must(w.Credentials.ReplacePassword(w.Context(), r))
	if got := w.hash(u); got != r.NewHash {
		w.Errorf("hash %q", got)
	}
	u.Epoch++
	kept.Epoch++
	w.same("user", w.owner(u.ID), u)
	w.same("kept", w.find(kept).Session, kept)
	w.goesOn(kept)
	w.wantEnded(gone, r.At, session.PasswordChanged)
	w.wantEnded(over, signOut.At, signOut.Reason)
	w.goesOn(bystander)
	if got := w.hash(other); got != hashOf(other) {
		w.Errorf("another user's hash is %q", got)
	}
}

func replacingQuietly(w *world) {
	u := w.person()
	s := w.signIn(u)
	r := replacement(u)
	r.EndSessions = false
	w.must(w.Credentials.ReplacePassword(w.Context(), r))
	if got := w.hash(u); got != r.NewHash {
		w.Errorf("hash %q", got)
	}
	w.same("record", w.find(s), session.Record{Session: s, Owner: u})
	w.goesOn(s)
}

func replacingKeepsNothing(w *world) {
	u, other := w.person(), w.person()
	one, two, foreign := w.signIn(u), w.signIn(u), w.signIn(other)
	w.must(w.Credentials.ReplacePassword(w.Context(), replacement(u)))
	w.wantEnded(one, start.Add(time.Hour), session.PasswordChanged)
	w.wantEnded(two, start.Add(time.Hour), session.PasswordChanged)
	next := replacement(u)
	next.OldHash, next.NewHash, next.Keep = next.NewHash, "$third$", foreign.ID
	w.must(w.Credentials.ReplacePassword(w.Context(), next))
	w.same("foreign", w.find(foreign), session.Record{Session: foreign, Owner: other})
	if got := w.owner(u.ID).Epoch; got != u.Epoch+2 {
		w.Errorf("epoch %d after two changes from %d", got, u.Epoch)
	}
}

func conflictChangesNothing(w *world) {
	u := w.person()
	s := w.signIn(u)
	for _, old := range []string{"", "$argon2id$", hashOf(u) + " ", "%"} {
		r := replacement(u)
		r.OldHash = old
		w.wantError(w.Credentials.ReplacePassword(w.Context(), r), credential.ErrConflict)
	}
	if got := w.hash(u); got != hashOf(u) {
		w.Errorf("hash %q", got)
	}
	w.same("record", w.find(s), session.Record{Session: s, Owner: u})
	w.goesOn(s)
}

func oneReplaces(w *world) {
	u := w.person()
	winners := together(50, func(i int) bool {
		r := replacement(u)
		r.NewHash = fmt.Sprintf("$new$%d", i)
		err := w.Credentials.ReplacePassword(w.Context(), r)
		if err != nil && !errors.Is(err, credential.ErrConflict) {
			w.Error(err)
		}
		return err == nil
	})
	if winners != 1 {
		w.Fatalf("%d changed one password", winners)
	}
	if got := w.owner(u.ID).Epoch; got != u.Epoch+1 {
		w.Errorf("epoch %d after one change from %d", got, u.Epoch)
	}
}
