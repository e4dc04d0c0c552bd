package account_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/account"
	"github.com/mayfly-auth/mayfly/internal/credential"
	"github.com/mayfly-auth/mayfly/internal/limit"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/user"
)

func TestRegisterSignsIn(t *testing.T) {
	h := newHouse(t)
	grant := h.register(t)
	if _, err := h.Sessions.Live(t.Context(), grant.User, grant.ID); err != nil {
		t.Error(err)
	}
	if grant.Owner.Name != "Alice" || grant.Delivery != session.Cookie || grant.RefreshToken == "" {
		t.Errorf("the grant is %+v", grant.Record)
	}
}

func TestRegisterNamesEverythingThatIsWrongAtOnce(t *testing.T) {
	h := newHouse(t)
	_, err := h.Register(t.Context(), account.Registration{Email: "alice", Username: "a", Name: "a\nb", Password: "password", Device: home})
	var bad user.Invalid
	var weak *credential.WeakError
	if !errors.As(err, &bad) || len(bad) != 3 || !errors.As(err, &weak) {
		t.Errorf("Register = %v", err)
	}
	if h.hashes() != 0 {
		t.Error("a hash was computed for it")
	}
}

func TestRegisterRefusesATakenIdentifierHoweverItIsWritten(t *testing.T) {
	h := newHouse(t)
	h.register(t)
	for field, r := range map[string]account.Registration{
		"email":    {Email: "ALICE@example.com", Username: "other"},
		"username": {Email: "other@example.com", Username: "ALICE"},
	} {
		r.Password, r.Device = otherPassword, home
		_, err := h.Register(t.Context(), r)
		var taken *user.TakenError
		if !errors.As(err, &taken) || taken.Field != field {
			t.Errorf("Register = %v, want %s taken", err, field)
		}
	}
}

func TestRegistrationsFromOneNetworkAreLimited(t *testing.T) {
	h := newHouse(t)
	var full *limit.TooManyError
	for n := range 101 {
		_, err := h.Register(t.Context(), account.Registration{
			Email: fmt.Sprintf("user%d@example.com", n), Password: goodPassword, Delivery: session.Cookie, Device: cafe,
		})
		if limited := errors.As(err, &full); limited != (n == 100) || !limited && err != nil {
			t.Fatalf("registration %d: %v", n, err)
		}
	}
}

func TestChangePasswordEndsTheOtherSessionsAndKeepsThisOne(t *testing.T) {
	h := newHouse(t)
	other := h.register(t)
	this := h.mustLogin(t, "alice", goodPassword, cafe)
	if err := h.ChangePassword(t.Context(), caller(this, goodPassword), otherPassword); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Sessions.Live(t.Context(), this.User, this.ID); err != nil {
		t.Errorf("this session: %v", err)
	}
	_, err := h.Sessions.Live(t.Context(), other.User, other.ID)
	var ended *session.EndedError
	if !errors.As(err, &ended) || ended.Reason != session.PasswordChanged {
		t.Errorf("the other session: %v", err)
	}
	if _, err := h.login(t, "alice", goodPassword, home); !errors.Is(err, account.ErrCredentials) {
		t.Errorf("the old password: %v", err)
	}
	h.mustLogin(t, "alice", otherPassword, home)
}

func TestChangePasswordRefuses(t *testing.T) {
	h := newHouse(t)
	grant := h.register(t)
	var weak *credential.WeakError
	for name, tt := range map[string]struct {
		current, next string
		want          func(error) bool
	}{
		"a wrong current one":     {"wrong", otherPassword, func(err error) bool { return errors.Is(err, account.ErrCredentials) }},
		"a weak new one":          {goodPassword, "password", func(err error) bool { return errors.As(err, &weak) }},
		"the user's own name":     {goodPassword, "alice@example.com", func(err error) bool { return errors.As(err, &weak) }},
		"the current one again":   {goodPassword, goodPassword, func(err error) bool { return errors.As(err, &weak) }},
		"both wrong: the new one": {"wrong", "password", func(err error) bool { return errors.As(err, &weak) }},
	} {
		if err := h.ChangePassword(t.Context(), caller(grant, tt.current), tt.next); !tt.want(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	h.mustLogin(t, "alice", goodPassword, home)
	if len(h.live(t, grant.User)) != 2 {
		t.Error("a refused change ended a session")
	}
}

// A copied access token is not enough to guess the password with, and the guesses do not keep the owner from changing
// it in a new session.
func TestConfirmationsAreLimitedInOneSession(t *testing.T) {
	h := newHouse(t)
	stolen := h.register(t)
	before := h.hashes()
	var full *limit.TooManyError
	for n := range 30 {
		err := h.ChangePassword(t.Context(), caller(stolen, fmt.Sprint("guess ", n)), otherPassword)
		if !errors.Is(err, account.ErrCredentials) && !errors.As(err, &full) {
			t.Fatal(err)
		}
		if err := h.Delete(t.Context(), caller(stolen, fmt.Sprint("guess ", n))); err == nil {
			t.Fatal("deleted")
		}
	}
	if guesses := h.hashes() - before; guesses != 10 {
		t.Errorf("%d guesses were looked at", guesses)
	}
	fresh := h.mustLogin(t, "alice", goodPassword, home)
	if err := h.ChangePassword(t.Context(), caller(fresh, goodPassword), otherPassword); err != nil {
		t.Errorf("in a new session: %v", err)
	}
}

func TestChangePasswordNeverOverwritesOneThatItDidNotCheck(t *testing.T) {
	h := newHouse(t)
	grant := h.register(t)
	h.onceAfter("find password", func() {
		if err := h.SetPassword(t.Context(), grant.User, "set by an administrator"); err != nil {
			t.Error(err)
		}
	})
	if err := h.ChangePassword(t.Context(), caller(grant, goodPassword), otherPassword); !errors.Is(err, account.ErrCredentials) {
		t.Errorf("ChangePassword = %v", err)
	}
	h.mustLogin(t, "alice", "set by an administrator", home)
}

func TestChangePasswordWorksWhileASignInHashesTheOldOneAnew(t *testing.T) {
	h := newHouse(t)
	u, err := h.Create(t.Context(), account.NewUser{Email: "alice@example.com", Username: "alice", PasswordHash: bcryptOf[goodPassword]})
	if err != nil {
		t.Fatal(err)
	}
	h.onceAfter("find password", func() { h.mustLogin(t, "alice", goodPassword, home) })
	c := account.Caller{User: u.ID, Session: uuid.New(), Password: goodPassword}
	if err := h.ChangePassword(t.Context(), c, otherPassword); err != nil {
		t.Errorf("ChangePassword = %v", err)
	}
}

func TestUpdateProfile(t *testing.T) {
	h := newHouse(t)
	grant := h.register(t)
	u, err := h.UpdateProfile(t.Context(), caller(grant, ""), account.Profile{
		Name: new(" Alice L. "), Username: new("liddell"), Email: new("alice@example.com"), // the same one
	})
	if err != nil || u.Name != "Alice L." || u.Username != "liddell" || u.Email != "alice@example.com" {
		t.Errorf("UpdateProfile = %+v, %v", u, err)
	}
	if u, err = h.UpdateProfile(t.Context(), caller(grant, ""), account.Profile{Username: new("")}); err != nil || u.Username != "" {
		t.Errorf("UpdateProfile = %+v, %v", u, err)
	}
	var bad user.Invalid
	_, err = h.UpdateProfile(t.Context(), caller(grant, ""), account.Profile{Name: new("\x00."), Username: new("@"), Email: new("x")})
	if !errors.As(err, &bad) || len(bad) != 3 {
		t.Errorf("UpdateProfile = %v", err)
	}
}

func TestAnotherEmailNeedsThePassword(t *testing.T) {
	h := newHouse(t)
	grant := h.register(t)
	change := account.Profile{Email: new("eve@example.com")}
	var bad user.Invalid
	if _, err := h.UpdateProfile(t.Context(), caller(grant, ""), change); !errors.As(err, &bad) || bad[0].Field != "current_password" {
		t.Errorf("without a password: %v", err)
	}
	if _, err := h.UpdateProfile(t.Context(), caller(grant, "wrong"), change); !errors.Is(err, account.ErrCredentials) {
		t.Errorf("with a wrong one: %v", err)
	}
	if u, err := h.Users.Find(t.Context(), grant.User); err != nil || u.Email != "alice@example.com" {
		t.Fatalf("the email is %q, %v", u.Email, err)
	}
	if u, err := h.UpdateProfile(t.Context(), caller(grant, goodPassword), change); err != nil || u.Email != "eve@example.com" {
		t.Errorf("with the right one: %+v, %v", u, err)
	}
}

func TestDeleteNeedsThePasswordAndEndsEverything(t *testing.T) {
	h := newHouse(t)
	grant := h.register(t)
	for _, wrong := range []string{"", "wrong"} {
		if err := h.Delete(t.Context(), caller(grant, wrong)); !errors.Is(err, account.ErrCredentials) {
			t.Errorf("with %q: %v", wrong, err)
		}
	}
	if err := h.Delete(t.Context(), caller(grant, goodPassword)); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Sessions.Live(t.Context(), grant.User, grant.ID); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("the session: %v", err)
	}
	if err := h.Delete(t.Context(), caller(grant, goodPassword)); !errors.Is(err, account.ErrCredentials) {
		t.Errorf("once more: %v", err)
	}
	h.register(t) // the identifiers are free again
}

func TestCreateNamesEverythingThatIsWrongAtOnce(t *testing.T) {
	h := newHouse(t)
	_, err := h.Create(t.Context(), account.NewUser{
		Email: "x", Username: "x", Name: "a\nb", Roles: []string{"two words"}, Metadata: json.RawMessage("[]"), Password: "password",
	})
	var bad user.Invalid
	var weak *credential.WeakError
	if !errors.As(err, &bad) || len(bad) != 5 || !errors.As(err, &weak) {
		t.Errorf("Create = %v", err)
	}
}

func TestCreateKeepsRolesAndMetadata(t *testing.T) {
	h := newHouse(t)
	u, err := h.Create(t.Context(), account.NewUser{
		Email: "bob@example.com", Roles: []string{"admin", "admin"}, Metadata: json.RawMessage(`{ "plan": "pro" }`), Password: goodPassword,
	})
	if err != nil {
		t.Fatal(err)
	}
	found, err := h.Users.Find(t.Context(), u.ID)
	if err != nil || fmt.Sprint(found.Roles) != "[admin]" || string(found.Metadata) != `{"plan":"pro"}` {
		t.Errorf("the user is %+v, %v", found, err)
	}
	edited, err := h.Edit(t.Context(), u.ID, user.Change{Roles: &[]string{"reader"}})
	if err != nil || fmt.Sprint(edited.Roles) != "[reader]" || string(edited.Metadata) != `{"plan":"pro"}` {
		t.Errorf("Edit = %+v, %v", edited, err)
	}
	var bad user.Invalid
	if _, err := h.Edit(t.Context(), u.ID, user.Change{Roles: &[]string{""}}); !errors.As(err, &bad) {
		t.Errorf("Edit = %v", err)
	}
}

func TestSetPasswordEndsEverySession(t *testing.T) {
	h := newHouse(t)
	grant := h.register(t)
	if err := h.SetPassword(t.Context(), grant.User, otherPassword); err != nil {
		t.Fatal(err)
	}
	if alive := h.live(t, grant.User); len(alive) != 0 {
		t.Errorf("%d sessions are live", len(alive))
	}
	h.mustLogin(t, "alice", otherPassword, home)
	var weak *credential.WeakError
	if err := h.SetPassword(t.Context(), grant.User, "alice@example.com"); !errors.As(err, &weak) {
		t.Errorf("a weak one: %v", err)
	}
	if err := h.SetPassword(t.Context(), uuid.New(), otherPassword); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("for nobody: %v", err)
	}
}

func TestAnAttemptThatWasNotJudgedCostsNothing(t *testing.T) {
	h := newHouse(t)
	h.register(t)
	for range 30 {
		ctx, hangUp := context.WithCancel(t.Context())
		h.onceAfter("find password", hangUp) // the visitor goes before it is their turn
		_, err := h.Login(ctx, account.Login{Identifier: "alice", Password: "guess", Delivery: session.Cookie, Device: cafe})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("Login = %v", err)
		}
		hangUp()
	}
	h.mustLogin(t, "alice", goodPassword, cafe)
}
