package session_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/session"
)

func TestPromise23_TheIdleLimitFiresAtTheExactMillisecond(t *testing.T) {
	h := newHouse(t)
	inTime, tooLate, late := h.signIn(), h.signIn(), h.signIn()
	limit := h.clock.Now().Add(idleTimeout)
	if got, want := h.IdleExpiresAt(inTime.Session), limit; !got.Equal(want) {
		t.Errorf("told to end %s, want %s", got, want)
	}
	h.Add(idleTimeout - time.Millisecond)
	h.refresh(inTime.RefreshToken)
	h.Add(time.Millisecond)
	h.refused(tooLate.RefreshToken, session.IdleExpired)
	h.Add(day)
	h.refused(late.RefreshToken, session.IdleExpired)
	for _, g := range []session.Grant{tooLate, late} {
		if at := h.row(g.ID).EndedAt; !at.Equal(limit) {
			t.Errorf("ended at %s, want %s", at, limit)
		}
	}
	// The use that was in time moved the limit.
	h.Add(idleTimeout - day - 2*time.Millisecond)
	h.refresh(inTime.RefreshToken)
}

func TestPromise23_TheAbsoluteLimitFiresAtTheExactMillisecond(t *testing.T) {
	h := newHouse(t)
	inTime, tooLate := h.signIn(), h.signIn()
	end := h.clock.Now().Add(sessionTTL)
	for range 89 { // used every day, so never idle
		h.Add(day)
		inTime, tooLate = h.refresh(inTime.RefreshToken), h.refresh(tooLate.RefreshToken)
	}
	if got := h.IdleExpiresAt(tooLate.Session); !got.Equal(end) {
		t.Errorf("told to end %s, want the absolute limit %s", got, end)
	}
	h.Add(day - time.Millisecond)
	h.refresh(inTime.RefreshToken)
	h.Add(time.Millisecond)
	h.refused(tooLate.RefreshToken, session.Expired)
	if at := h.row(tooLate.ID).EndedAt; !at.Equal(end) {
		t.Errorf("ended at %s, want %s", at, end)
	}
}

func TestPromise23_AnAnswerGivenAgainDoesNotMoveTheLimits(t *testing.T) {
	h := newHouse(t)
	parent := h.signIn()
	h.Add(accessLife)
	newest := h.refresh(parent.RefreshToken)
	h.Add(refreshWindow)
	again := h.refresh(parent.RefreshToken)
	if !again.RotatedAt.Equal(newest.RotatedAt) || !again.ExpiresAt.Equal(parent.ExpiresAt) {
		t.Error("an answer given again moved a limit")
	}
	h.Add(idleTimeout - refreshWindow)
	h.refused(again.RefreshToken, session.IdleExpired)
}

func TestPromise23_ThreeDevicesKeepTheirIDsAfterAHundredRotations(t *testing.T) {
	h := newHouse(t)
	devices := []session.Grant{h.signIn(), h.signIn(), h.signIn()}
	want := map[uuid.UUID]bool{}
	for _, g := range devices {
		want[g.ID] = true
	}
	for range 100 {
		h.Add(accessLife)
		for i, g := range devices {
			devices[i] = h.refresh(g.RefreshToken)
		}
	}
	list, err := h.List(t.Context(), h.owner, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range list {
		if !want[one.ID] || one.Generation != 101 {
			t.Errorf("session %s with generation %d", one.ID, one.Generation)
		}
	}
	if len(list) != len(devices) {
		t.Errorf("%d rows for %d devices", len(list), len(devices))
	}
}

func TestPromise21_TheReasonIsKeptAndReadableAfterwards(t *testing.T) {
	h := newHouse(t)
	by := func(reason session.Reason) func(*house, session.Grant) {
		return func(h *house, g session.Grant) {
			if live, err := h.End(h.t.Context(), g.User, g.ID, reason); err != nil || !live {
				h.t.Fatalf("ended: %t, %v", live, err)
			}
		}
	}
	causes := map[session.Reason]func(*house, session.Grant){
		session.SignedOut:          by(session.SignedOut),
		session.SignedOutElsewhere: by(session.SignedOutElsewhere),
		session.EndedByAdmin:       by(session.EndedByAdmin),
		session.Replaced:           by(session.Replaced),
		session.RefreshReused: func(h *house, g session.Grant) {
			for token := g.RefreshToken; h.row(g.ID).Generation < 3; {
				h.Add(accessLife)
				token = h.refresh(token).RefreshToken
			}
			h.refused(g.RefreshToken, session.RefreshReused)
		},
		session.IdleExpired: func(h *house, _ session.Grant) { h.Add(idleTimeout) },
		session.Expired: func(h *house, g session.Grant) {
			for token := g.RefreshToken; h.clock.Now().Before(g.ExpiresAt.Add(-day)); {
				h.Add(day)
				token = h.refresh(token).RefreshToken
			}
			h.Add(day)
		},
	}
	for _, ending := range endings {
		if ending.reason == "" || causes[ending.reason] != nil {
			continue
		}
		causes[ending.reason] = func(h *house, g session.Grant) { h.mustEnd(ending.end, g.ID) }
	}
	if len(causes) != 10 {
		t.Fatalf("%d reasons have a case", len(causes))
	}
	for reason, cause := range causes {
		t.Run(string(reason), func(t *testing.T) {
			h = newHouse(t)
			g := h.signIn()
			cause(h, g)
			h.refused(g.RefreshToken, reason)
			before := h.row(g.ID)
			h.Add(day)
			h.refused(g.RefreshToken, reason)
			h.unchanged(before)
			h.listedAsEnded(g.ID, reason)
			h.nobodyHome(g, reason)
		})
	}
}

// listedAsEnded expects the session in its person's history, and no longer among the live ones.
func (h *house) listedAsEnded(id uuid.UUID, reason session.Reason) {
	h.t.Helper()
	owner, err := h.db.Users().Find(h.t.Context(), h.owner.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, ended := range []bool{true, false} {
		list, err := h.List(h.t.Context(), owner, ended)
		if err != nil {
			h.t.Fatal(err)
		}
		found := false
		for _, one := range list {
			if one.ID != id {
				continue
			}
			found = true
			if one.EndReason != reason || one.EndedAt.IsZero() || one.EndedAt.After(h.clock.Now()) {
				h.t.Errorf("listed as ended by %q at %s, want %q", one.EndReason, one.EndedAt, reason)
			}
		}
		if found != ended {
			h.t.Errorf("listed: %t, want %t", found, ended)
		}
	}
}

// nobodyHome expects every other door to a session to be shut as well, and sign-out to find it all the same.
func (h *house) nobodyHome(g session.Grant, reason session.Reason) {
	h.t.Helper()
	_, live := h.Live(h.t.Context(), g.User, g.ID)
	_, inspected := h.Inspect(h.t.Context(), g.RefreshToken)
	for name, err := range map[string]error{"live": live, "inspect": inspected} {
		var ended *session.EndedError
		if !errors.As(err, &ended) || ended.Reason != reason {
			h.t.Errorf("%s: %v, want %q", name, err, reason)
		}
	}
	if rec, err := h.Identify(h.t.Context(), g.RefreshToken); err != nil || rec.ID != g.ID {
		h.t.Errorf("identify: %v", err)
	}
}
