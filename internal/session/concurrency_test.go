package session_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/credential"
	"github.com/mayfly-auth/mayfly/internal/session"
)

func TestPromise1_ParallelCallsWithOneTokenMakeOneGenerationARound(t *testing.T) {
	const calls, rounds = 200, 20
	h := newHouse(t)
	current := h.signIn()
	for range rounds {
		h.Add(accessLife)
		grants := h.refreshAtOnce(current.RefreshToken, calls)
		for _, g := range grants {
			if g.RefreshToken != grants[0].RefreshToken {
				t.Fatal("two calls with one token got different successors")
			}
		}
		if got, want := h.row(current.ID).Generation, current.Generation+1; got != want {
			t.Fatalf("generation %d after a round, want %d", got, want)
		}
		current = grants[0]
	}
}

func TestPromise1_ParallelCallsWithTheParentMakeOneGenerationToo(t *testing.T) {
	h := newHouse(t)
	parent := h.signIn()
	h.Add(accessLife)
	h.refresh(parent.RefreshToken) // lost
	h.Add(accessLife)
	for _, g := range h.refreshAtOnce(parent.RefreshToken, 50) {
		if g.Generation != 3 {
			t.Fatalf("generation %d, want 3", g.Generation)
		}
	}
}

// refreshAtOnce presents one token many times at the same moment.
func (h *house) refreshAtOnce(token string, calls int) []session.Grant {
	h.t.Helper()
	grants, errs := make([]session.Grant, calls), make([]error, calls)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range calls {
		wg.Go(func() {
			<-start
			grants[i], errs[i] = h.Refresh(h.t.Context(), token)
		})
	}
	close(start)
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		h.t.Fatal(err)
	}
	return grants
}

func TestPromise9_ReplayingTheParentAThousandTimesWritesNothing(t *testing.T) {
	for _, name := range []string{"parent", "newest"} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			replayed := h.signIn()
			h.Add(accessLife)
			newest := h.refresh(replayed.RefreshToken)
			if name == "newest" {
				replayed = newest
			}
			before := h.row(newest.ID)
			for range 1000 {
				h.Add(refreshWindow / 1000)
				if again := h.refresh(replayed.RefreshToken); again.RefreshToken != newest.RefreshToken {
					t.Fatal("it bought something else than the newest token")
				}
			}
			h.unchanged(before)
			h.Add(time.Millisecond)
			if h.refresh(replayed.RefreshToken); h.row(newest.ID).Generation != newest.Generation+1 {
				t.Error("the window did not end when it should: nothing above was proven")
			}
		})
	}
}

func TestPromise9_TheGrandparentEndsTheSessionInsideTheWindowToo(t *testing.T) {
	h := newHouse(t)
	first := h.signIn()
	h.Add(accessLife)
	second := h.refresh(first.RefreshToken)
	h.Add(accessLife)
	third := h.refresh(second.RefreshToken)
	h.refused(first.RefreshToken, session.RefreshReused)
	h.refused(second.RefreshToken, session.RefreshReused)
	h.refused(third.RefreshToken, session.RefreshReused)
}

// paused is a store that stands still before one call of Rotate, for something else to happen there. The first call of
// a refresh is tried before anything was read; a second one writes what was judged from the row that the first read.
type paused struct {
	session.Store
	calls, at int
	meanwhile func()
}

func (p *paused) Rotate(ctx context.Context, r session.Rotation) (session.Record, bool, error) {
	if p.calls++; p.calls == p.at {
		p.meanwhile()
	}
	return p.Store.Rotate(ctx, r)
}

// endings is every way in which somebody ends a session whose refresh may be in flight.
var endings = []struct {
	name   string
	end    func(h *house, id uuid.UUID) error
	reason session.Reason // empty: nothing is left to have one
}{
	{"sign out", func(h *house, id uuid.UUID) error {
		_, err := h.End(h.t.Context(), h.owner.ID, id, session.SignedOut)
		return err
	}, session.SignedOut},
	{"sign out everywhere", func(h *house, _ uuid.UUID) error {
		_, err := h.EndAll(h.t.Context(), h.owner.ID, uuid.Nil, session.SignedOutEverywhere)
		return err
	}, session.SignedOutEverywhere},
	{"sign out the others", func(h *house, _ uuid.UUID) error {
		_, err := h.EndAll(h.t.Context(), h.owner.ID, h.signIn().ID, session.SignedOutElsewhere)
		return err
	}, session.SignedOutElsewhere},
	{"change the password", func(h *house, _ uuid.UUID) error {
		return h.db.Credentials().ReplacePassword(h.t.Context(), credential.Replacement{
			User: h.owner.ID, OldHash: "a hash", NewHash: "another", EndSessions: true, At: h.clock.Now(),
		})
	}, session.PasswordChanged},
	{"disable", func(h *house, _ uuid.UUID) error {
		return h.db.Users().Disable(h.t.Context(), h.owner.ID, true, h.clock.Now())
	}, session.UserDisabled},
	{"delete", func(h *house, _ uuid.UUID) error {
		return h.db.Users().Delete(h.t.Context(), h.owner.ID)
	}, ""},
}

func TestPromise12_ARevocationNeverLosesARaceAgainstARefresh(t *testing.T) {
	const (
		beforeTheRead   = 1
		beforeTheWrite  = 2
		afterTheRefresh = 0
	)
	presented := []struct {
		name string
		// prepare returns the token whose refresh is paused.
		prepare func(h *house) session.Grant
		at      []int
	}{
		{"newest", func(h *house) session.Grant {
			g := h.signIn()
			h.Add(accessLife)
			return g
		}, []int{beforeTheRead, afterTheRefresh}},
		{"newest inside the window", func(h *house) session.Grant {
			return h.signIn()
		}, []int{beforeTheRead, afterTheRefresh}},
		{"parent", func(h *house) session.Grant {
			g := h.signIn()
			h.Add(accessLife)
			h.refresh(g.RefreshToken)
			h.Add(accessLife)
			return g
		}, []int{beforeTheRead, beforeTheWrite, afterTheRefresh}},
		{"newer than a restored row", func(h *house) session.Grant {
			g := h.signIn()
			h.Add(accessLife)
			g.RefreshToken = session.MakeToken(h.Keys, g.User, g.ID, g.Seed, 7)
			return g
		}, []int{beforeTheRead, beforeTheWrite, afterTheRefresh}},
	}
	moments := map[int]string{
		beforeTheRead: "before the read", beforeTheWrite: "between read and write", afterTheRefresh: "after the refresh",
	}
	for _, ending := range endings {
		for _, token := range presented {
			for _, at := range token.at {
				t.Run(ending.name+", "+token.name+", "+moments[at], func(t *testing.T) {
					h := newHouse(t)
					g := token.prepare(h)
					store := &paused{Store: h.Store, at: at, meanwhile: func() { h.mustEnd(ending.end, g.ID) }}
					h.configure(func(c *session.Config) { c.Store = store })
					answer, err := h.Refresh(t.Context(), g.RefreshToken)
					if at == afterTheRefresh {
						if err != nil {
							t.Fatal(err)
						}
						h.mustEnd(ending.end, g.ID)
						_, err = h.Refresh(t.Context(), answer.RefreshToken)
					} else if store.calls < at {
						t.Fatal("the refresh never came to where it should pause")
					}
					h.isOver(err, ending.reason)
					_, err = h.Refresh(t.Context(), g.RefreshToken)
					h.isOver(err, ending.reason)
				})
			}
		}
	}
}

func (h *house) mustEnd(end func(*house, uuid.UUID) error, id uuid.UUID) {
	h.t.Helper()
	if err := end(h, id); err != nil {
		h.t.Fatal(err)
	}
}

// isOver expects the error of a session that ended for a reason, or of one that is gone.
func (h *house) isOver(err error, reason session.Reason) {
	h.t.Helper()
	var ended *session.EndedError
	switch {
	case reason == "" && errors.Is(err, session.ErrInvalid):
	case errors.As(err, &ended) && ended.Reason == reason:
	default:
		h.t.Errorf("refresh: %v, want %q", err, reason)
	}
}
