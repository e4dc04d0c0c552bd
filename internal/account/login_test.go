package account_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/account"
	"github.com/mayfly-auth/mayfly/internal/limit"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/user"
)

func TestLoginByEitherIdentifierHoweverItIsWritten(t *testing.T) {
	h := newHouse(t)
	registered := h.register(t)
	for _, identifier := range []string{"alice@example.com", " ALICE@Example.com ", "alice", "Alice"} {
		grant := h.mustLogin(t, identifier, goodPassword, cafe)
		if grant.User != registered.User || grant.ID == registered.ID || grant.RefreshToken == "" || grant.Owner.Email != "alice@example.com" {
			t.Errorf("%q signs in as %+v", identifier, grant.Owner)
		}
		if fmt.Sprint(grant.AMR) != "[pwd]" || grant.Delivery != session.Cookie || grant.Device != cafe {
			t.Errorf("the session is %+v", grant.Session)
		}
	}
}

func TestPasswordsAreComparedAsTheyAre(t *testing.T) {
	h := newHouse(t)
	h.register(t)
	for _, wrong := range []string{"Correct horse battery staple", goodPassword + " ", goodPassword[:len(goodPassword)-1], ""} {
		if _, err := h.login(t, "alice", wrong, home); !errors.Is(err, account.ErrCredentials) {
			t.Errorf("Login with %q = %v", wrong, err)
		}
	}
}

func TestAPasswordTypedOnAnotherKeyboardIsTheSame(t *testing.T) {
	h := newHouse(t)
	if _, err := h.Create(t.Context(), account.NewUser{Email: "zoe@example.com", Password: "cafe\u0301 am dunklen See"}); err != nil {
		t.Fatal(err)
	}
	h.mustLogin(t, "zoe@example.com", "caf\u00e9 am dunklen See", home)
}

// What a visitor learns from a failure must not depend on who exists: the same error after the same work, counted, not
// timed.
func TestFailuresLookAndCostTheSameWhoeverExists(t *testing.T) {
	h := newHouse(t)
	h.register(t)
	disabled, err := h.Create(t.Context(), account.NewUser{Email: "dora@example.com", Password: goodPassword})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Users.Disable(t.Context(), disabled.ID, true, h.Now()); err != nil {
		t.Fatal(err)
	}
	type cost struct {
		err    string
		hashes int64
		steps  string
	}
	try := func(identifier, password string) cost {
		var steps []string
		*h.between = func(step string) { steps = append(steps, step) }
		before := h.hashes()
		_, err := h.login(t, identifier, password, home)
		return cost{fmt.Sprint(err), h.hashes() - before, strings.Join(steps, ", ")}
	}
	for _, password := range []string{"wrong", "", "cafe\u0301", strings.Repeat("long", 2000)} {
		want := try("alice@example.com", password)
		if want.err != account.ErrCredentials.Error() {
			t.Errorf("a wrong password: %+v", want)
		}
		for _, identifier := range []string{"nobody@example.com", "nobody", "", "dora@example.com", "\x00\xff", strings.Repeat("x", 5000)} {
			if got := try(identifier, password); got != want {
				t.Errorf("%.20q with %.10q: %+v, for a user %+v", identifier, password, got, want)
			}
		}
	}
}

func TestOnlyTheRightPasswordShowsThatAUserIsDisabled(t *testing.T) {
	h := newHouse(t)
	grant := h.register(t)
	if err := h.Users.Disable(t.Context(), grant.User, true, h.Now()); err != nil {
		t.Fatal(err)
	}
	_, err := h.login(t, "alice", goodPassword, home)
	var ended *session.EndedError
	if !errors.As(err, &ended) || ended.Reason != session.UserDisabled {
		t.Errorf("Login = %v", err)
	}
}

func TestParallelGuessesNeverExceedTheLimit(t *testing.T) {
	h := newHouse(t)
	h.register(t)
	before := h.hashes()
	var group sync.WaitGroup
	for n := range 60 {
		group.Go(func() {
			_, err := h.login(t, []string{"alice", "ALICE", " Alice "}[n%3], fmt.Sprint("guess ", n), cafe)
			var full *limit.TooManyError
			if !errors.Is(err, account.ErrCredentials) && !errors.As(err, &full) {
				t.Errorf("guess %d: %v", n, err)
			}
		})
	}
	group.Wait()
	if guesses := h.hashes() - before; guesses != 10 {
		t.Errorf("%d guesses were looked at", guesses)
	}
}

// Email and username are two names of one account; together they stay within the hundred of STD-95.
func TestStrangersGetFewerThanAHundredGuesses(t *testing.T) {
	h := newHouse(t)
	h.register(t)
	before := h.hashes()
	for n := range 150 {
		device := session.Device{Address: stranger(n)}
		for _, identifier := range []string{"alice", "alice@example.com"} {
			h.login(t, identifier, "guess", device)
		}
	}
	if guesses := h.hashes() - before; guesses != 90 {
		t.Errorf("%d guesses were looked at", guesses)
	}
}

func TestAnAttackFromElsewhereNeverReachesAKnownPlace(t *testing.T) {
	h := newHouse(t)
	h.register(t)
	for n := range 100 {
		h.login(t, "alice", "guess", session.Device{Address: stranger(n)})
	}
	if _, err := h.login(t, "alice", "a typo first", home); !errors.Is(err, account.ErrCredentials) {
		t.Errorf("at home, mistyped: %v", err)
	}
	h.mustLogin(t, "alice", goodPassword, home)

	_, err := h.login(t, "alice", goodPassword, cafe)
	var full *limit.TooManyError
	if !errors.As(err, &full) || full.RetryAfter > time.Minute {
		t.Fatalf("at a new place: %v", err)
	}
	h.advance(full.RetryAfter)
	h.mustLogin(t, "alice", goodPassword, cafe)
}

func TestAPlaceWhereATokenWasCopiedIsNotKnown(t *testing.T) {
	h := newHouse(t)
	grant := h.register(t)
	if _, err := h.Sessions.End(t.Context(), grant.User, grant.ID, session.RefreshReused); err != nil {
		t.Fatal(err)
	}
	for n := range 100 {
		h.login(t, "alice", "guess", session.Device{Address: stranger(n)})
	}
	var full *limit.TooManyError
	if _, err := h.login(t, "alice", goodPassword, home); !errors.As(err, &full) {
		t.Errorf("Login = %v", err)
	}
}

func TestManySignInsInARowAreNotAttempts(t *testing.T) {
	h := newHouse(t)
	h.register(t)
	for range 100 {
		h.mustLogin(t, "alice", goodPassword, cafe)
	}
}

func stranger(n int) netip.Addr { return netip.AddrFrom4([4]byte{203, 0, byte(n >> 8), byte(n)}) }

var rightAndOld = account.Login{Identifier: "alice", Password: goodPassword, Delivery: session.Cookie, Device: cafe}

// Whatever happens at whichever moment of a sign-in, the old password never leaves a live session behind.
func TestASignInNeverOutlivesWhatHappensMeanwhile(t *testing.T) {
	for _, event := range []struct {
		name string
		do   func(t *testing.T, h *house, u user.User) error
		want func(error) bool
	}{
		{
			"another password",
			func(t *testing.T, h *house, u user.User) error {
				return h.SetPassword(t.Context(), u.ID, otherPassword)
			},
			func(err error) bool { return errors.Is(err, account.ErrCredentials) },
		},
		{
			"disabled",
			func(t *testing.T, h *house, u user.User) error {
				return h.Users.Disable(t.Context(), u.ID, true, h.Now())
			},
			func(err error) bool {
				var ended *session.EndedError
				return errors.As(err, &ended) && ended.Reason == session.UserDisabled
			},
		},
		{
			"disabled and enabled",
			func(t *testing.T, h *house, u user.User) error {
				return errors.Join(h.Users.Disable(t.Context(), u.ID, true, h.Now()), h.Users.Disable(t.Context(), u.ID, false, h.Now()))
			},
			func(err error) bool { return err == nil }, // asked again, and the password is right
		},
		{
			"deleted",
			func(t *testing.T, h *house, u user.User) error { return h.Users.Delete(t.Context(), u.ID) },
			func(err error) bool { return errors.Is(err, account.ErrCredentials) },
		},
	} {
		for _, step := range []string{"find user", "find password", "replace password", "create session"} {
			t.Run(event.name+" after "+step, func(t *testing.T) {
				h := newHouse(t)
				u, err := h.Create(t.Context(), account.NewUser{Email: "alice@example.com", Username: "alice", PasswordHash: bcryptOf[goodPassword]})
				if err != nil {
					t.Fatal(err)
				}
				happened := false
				h.onceAfter(step, func() {
					happened = true
					if err := event.do(t, h, u); err != nil {
						t.Error(err)
					}
				})
				grant, err := h.Login(t.Context(), rightAndOld)
				if !happened {
					t.Fatal("nothing happened meanwhile")
				}
				if step == "create session" { // it was there first, and is over
					if err != nil {
						t.Fatal(err)
					}
					if _, err := h.Sessions.Live(t.Context(), u.ID, grant.ID); err == nil {
						t.Error("the session is live")
					}
					return
				}
				if !event.want(err) {
					t.Errorf("Login = %v", err)
				}
				if found, missing := h.Users.Find(t.Context(), u.ID); err != nil && missing == nil && len(h.live(t, found.ID)) > 0 {
					t.Error("a session is live")
				}
			})
		}
	}
}

func TestASignInThatIsOvertakenTwiceGivesUp(t *testing.T) {
	h := newHouse(t)
	grant := h.register(t)
	overtaken := 0
	*h.between = func(step string) {
		if step != "find password" || overtaken == 2 {
			return
		}
		overtaken++
		// "Sign out everywhere" raises the epoch and leaves the password as it is.
		if _, err := h.Sessions.EndAll(t.Context(), grant.User, uuid.Nil, session.SignedOutEverywhere); err != nil {
			t.Error(err)
		}
	}
	if _, err := h.login(t, "alice", goodPassword, cafe); !errors.Is(err, account.ErrCredentials) || overtaken != 2 {
		t.Errorf("Login = %v, overtaken %d times", err, overtaken)
	}
}

func TestTheNewPasswordIsTakenAlsoInTheMiddleOfTheChange(t *testing.T) {
	for _, step := range []string{"find user", "find password"} {
		h := newHouse(t)
		grant := h.register(t)
		h.onceAfter(step, func() {
			if err := h.SetPassword(t.Context(), grant.User, otherPassword); err != nil {
				t.Error(err)
			}
		})
		_, err := h.login(t, "alice", otherPassword, cafe)
		// Read before the change, the hash says wrong, and that is an answer that was right when it was asked for.
		if step == "find user" && err != nil || step == "find password" && !errors.Is(err, account.ErrCredentials) {
			t.Errorf("changed after %s: %v", step, err)
		}
	}
}

// Promise 12, for sign-ins: real goroutines, no chosen moment.
func TestPromise12_SignInsRacingAPasswordChangeLeaveNothingAlive(t *testing.T) {
	h := newHouse(t)
	grant := h.register(t)
	for round := range 10 {
		old, next := goodPassword, otherPassword
		if round%2 == 1 {
			old, next = next, old
		}
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				if _, err := h.login(t, "alice", old, home); err != nil && !errors.Is(err, account.ErrCredentials) {
					t.Error(err)
				}
			})
		}
		group.Go(func() {
			if err := h.SetPassword(t.Context(), grant.User, next); err != nil {
				t.Error(err)
			}
		})
		group.Wait()
		if alive := h.live(t, grant.User); len(alive) != 0 {
			t.Fatalf("round %d: %d sessions on the old password are live", round, len(alive))
		}
		h.advance(time.Hour)
	}
}
