package session_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/fault"
	"github.com/mayfly-auth/mayfly/internal/session"
)

func TestPromise22_TwoTokensAreNeverTheSame(t *testing.T) {
	const sessions, generations = 500, 200
	h := newHouse(t) // whose clock stands still: all of it happens within a millisecond
	seen := make(map[string]bool, sessions*generations)
	for range sessions {
		g := h.signIn()
		for generation := range uint32(generations) {
			seen[session.MakeToken(h.Keys, g.User, g.ID, g.Seed, generation)] = true
		}
	}
	if len(seen) != sessions*generations {
		t.Errorf("%d distinct tokens of %d", len(seen), sessions*generations)
	}
}

func TestPromise12_ASignInNeverOutlivesAPasswordChangeItRacedWith(t *testing.T) {
	for _, ending := range endings {
		if ending.name == "sign out" {
			continue // of one session: a sign-in is another
		}
		t.Run(ending.name, func(t *testing.T) {
			h := newHouse(t)
			h.mustEnd(ending.end, h.signIn().ID)
			_, err := h.Start(t.Context(), h.owner, session.Cookie, nil, session.Device{}) // as read before
			if !errors.Is(err, session.ErrUserChanged) {
				t.Errorf("sign-in: %v", err)
			}
		})
	}
}

func TestSigningOutTheOthersKeepsOne(t *testing.T) {
	h := newHouse(t)
	kept, other, third := h.signIn(), h.signIn(), h.signIn()
	n, err := h.EndAll(t.Context(), h.owner.ID, kept.ID, session.SignedOutElsewhere)
	if err != nil || n != 2 {
		t.Fatalf("%d ended, %v", n, err)
	}
	h.refused(other.RefreshToken, session.SignedOutElsewhere)
	h.refused(third.RefreshToken, session.SignedOutElsewhere)
	h.Add(accessLife)
	h.refresh(kept.RefreshToken)
}

func TestInspectAndLiveChangeNothing(t *testing.T) {
	h := newHouse(t)
	first := h.signIn()
	h.Add(accessLife)
	second := h.refresh(first.RefreshToken)
	h.Add(accessLife)
	third := h.refresh(second.RefreshToken)
	h.Add(accessLife)
	before := h.row(first.ID)
	for generation, test := range map[string]struct {
		token string
		want  error
	}{
		"newest":      {third.RefreshToken, nil},
		"parent":      {second.RefreshToken, nil},
		"grandparent": {first.RefreshToken, session.ErrInvalid},
		"garbage":     {"mfr_garbage", session.ErrInvalid},
	} {
		if _, err := h.Inspect(t.Context(), test.token); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", generation, err)
		}
	}
	if rec, err := h.Live(t.Context(), h.owner.ID, first.ID); err != nil || rec.Owner.Email != h.owner.Email {
		t.Errorf("live: %v", err)
	}
	if _, err := h.Live(t.Context(), h.owner.ID, uuid.New()); !errors.Is(err, session.ErrNotFound) {
		t.Errorf("live, of no session: %v", err)
	}
	h.unchanged(before)
	if rec, err := h.Identify(t.Context(), first.RefreshToken); err != nil || rec.ID != first.ID {
		t.Errorf("the grandparent cannot sign out: %v", err)
	}
}

// broken is a store whose database is gone for some calls.
type broken struct {
	session.Store
	rotate, end bool
}

var errGone = &fault.Unavailable{Cause: errors.New("database is gone")}

func (b *broken) Rotate(ctx context.Context, r session.Rotation) (session.Record, bool, error) {
	if b.rotate {
		return session.Record{}, false, errGone
	}
	return b.Store.Rotate(ctx, r)
}

func (b *broken) End(ctx context.Context, user, id uuid.UUID, e session.Ending) (bool, error) {
	if b.end {
		return false, errGone
	}
	return b.Store.End(ctx, user, id, e)
}

// TestPromise3_ADatabaseThatIsGoneIsNotTheEndOfASession: such an error must never look terminal, and the same token
// works when the database is back.
func TestPromise3_ADatabaseThatIsGoneIsNotTheEndOfASession(t *testing.T) {
	h := newHouse(t)
	g := h.signIn()
	store := &broken{Store: h.Store, rotate: true}
	h.configure(func(c *session.Config) { c.Store = store })
	h.Add(accessLife)
	_, err := h.Refresh(t.Context(), g.RefreshToken)
	h.notTerminal(err)
	store.rotate = false
	h.refresh(g.RefreshToken)
}

// stubborn is a store with a bug: it refuses every rotation.
type stubborn struct{ session.Store }

func (s stubborn) Rotate(ctx context.Context, r session.Rotation) (session.Record, bool, error) {
	rec, err := s.Find(ctx, r.User, r.Session)
	return rec, false, err
}

func TestAStoreThatDisagreesWithTheRuleEndsTheCallAndNoSession(t *testing.T) {
	h := newHouse(t)
	g := h.signIn()
	store := h.Store
	h.configure(func(c *session.Config) { c.Store = stubborn{store} })
	h.Add(accessLife)
	_, err := h.Refresh(t.Context(), g.RefreshToken)
	var ended *session.EndedError
	if err == nil || errors.Is(err, session.ErrInvalid) || errors.As(err, &ended) {
		t.Errorf("refresh: %v", err)
	}
	h.configure(func(c *session.Config) { c.Store = store })
	h.refresh(g.RefreshToken)
}

func TestReuseIsStillNoticedAfterTheDatabaseWasGone(t *testing.T) {
	h := newHouse(t)
	first := h.signIn()
	h.Add(accessLife)
	second := h.refresh(first.RefreshToken)
	h.Add(accessLife)
	h.refresh(second.RefreshToken)
	store := &broken{Store: h.Store, end: true}
	h.configure(func(c *session.Config) { c.Store = store })
	_, err := h.Refresh(t.Context(), first.RefreshToken)
	h.notTerminal(err) // nothing was recorded, so nothing may be said to be over
	store.end = false
	h.refused(first.RefreshToken, session.RefreshReused)
}

func (h *house) notTerminal(err error) {
	h.t.Helper()
	var ended *session.EndedError
	if !fault.IsUnavailable(err) || errors.Is(err, session.ErrInvalid) || errors.As(err, &ended) {
		h.t.Errorf("%v, want unavailable", err)
	}
}

func TestCleanDeletesWhatHasBeenOverForLongAndNothingElse(t *testing.T) {
	h := newHouse(t)
	ended, idle, used := h.signIn(), h.signIn(), h.signIn()
	h.mustEnd(endings[0].end, ended.ID)
	for range 59 {
		h.Add(day)
		used = h.refresh(used.RefreshToken)
		if h.clock.Now().Sub(ended.CreatedAt) == session.HistoryKept {
			h.cleanAll(0)
			h.Add(time.Millisecond)
			h.cleanAll(1)
		}
	}
	h.cleanAll(0)
	h.Add(day)
	h.cleanAll(1) // 30 days of rest, and 30 of history
	if _, err := h.Refresh(t.Context(), idle.RefreshToken); !errors.Is(err, session.ErrInvalid) {
		t.Errorf("a token whose row is gone: %v", err)
	}
	h.refresh(used.RefreshToken)
}

// cleanAll makes one whole walk.
func (h *house) cleanAll(want int) {
	h.t.Helper()
	total := 0
	for done := false; !done; {
		n, last, err := h.Clean(h.t.Context())
		if err != nil {
			h.t.Fatal(err)
		}
		total, done = total+n, last
	}
	if total != want {
		h.t.Errorf("%s: cleaned %d, want %d", h.clock.Now(), total, want)
	}
}

func TestNoLogLineCanHoldATokenOrASeed(t *testing.T) {
	h := newHouse(t)
	g := h.signIn()
	key := h.Keys[0].Bytes
	var leaks []string
	for _, raw := range [][]byte{g.Seed[:8], key[:8]} {
		leaks = append(leaks, hex.EncodeToString(raw), strings.Trim(fmt.Sprint(raw), "[]"), strings.Trim(fmt.Sprintf("%#v", raw), "[]byte{}"))
	}
	leaks = append(leaks, g.RefreshToken[:12])
	for name, value := range map[string]any{
		"grant": g, "record": g.Record, "session": g.Session, "pointer": &g, "list": []session.Session{g.Session},
		"room": h.Sessions, "settings": h.Config,
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			text := fmt.Sprintf(verb, value)
			if slices.ContainsFunc(leaks, func(leak string) bool { return strings.Contains(text, leak) }) {
				t.Errorf("%s with %s prints %s", name, verb, text)
			}
		}
	}
}

func TestExplainTellsWhatATokenWouldBuy(t *testing.T) {
	h := newHouse(t)
	first := h.signIn()
	h.Add(accessLife)
	second := h.refresh(first.RefreshToken)
	h.Add(accessLife)
	third := h.refresh(second.RefreshToken)
	before := h.row(first.ID)
	explain := func(g session.Grant, verdict session.Verdict, ended session.Reason) {
		t.Helper()
		e, err := h.Explain(t.Context(), g.RefreshToken)
		if err != nil || e.Session != first.ID || e.Generation != g.Generation || e.Verdict != verdict || e.Ended != ended {
			t.Errorf("generation %d of %s: verdict %d, ended %q, %v", e.Generation, e.Session, e.Verdict, e.Ended, err)
		}
	}
	explain(third, session.Repeat, "")
	explain(second, session.Repeat, "")
	explain(first, session.Reuse, "")
	h.Add(accessLife)
	explain(third, session.Rotate, "")
	explain(second, session.Rotate, "")
	h.unchanged(before)
	h.mustEnd(endings[0].end, first.ID)
	explain(third, session.Rotate, session.SignedOut)
}

func TestSessionsAreInUseForATenthOfASecondAfterEachUse(t *testing.T) {
	h := newHouse(t)
	g := h.signIn()
	if h.InUse() {
		t.Error("in use after a sign-in alone")
	}
	uses := map[string]func(){
		"a refresh": func() { h.refresh(g.RefreshToken) },
		"a call": func() {
			if _, err := h.Live(t.Context(), g.User, g.ID); err != nil {
				t.Fatal(err)
			}
		},
	}
	for name, use := range uses {
		use()
		if !h.InUse() {
			t.Errorf("not in use after %s", name)
		}
		h.Add(100 * time.Millisecond)
		if h.InUse() {
			t.Errorf("in use a tenth of a second after %s", name)
		}
	}
}
