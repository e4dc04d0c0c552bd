package session_test

import (
	"errors"
	"net/netip"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/secret"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/store/sqlite"
	"github.com/mayfly-auth/mayfly/internal/user"
)

const (
	refreshWindow = 30 * time.Second
	idleTimeout   = 30 * 24 * time.Hour
	sessionTTL    = 90 * 24 * time.Hour
	// accessLife is how long a client usually waits from one refresh to the next.
	accessLife = 10 * time.Minute
	day        = 24 * time.Hour
)

// clock is a clock that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// house is the room under test over a real database, with one user in it.
type house struct {
	*clock
	*session.Sessions
	t     *testing.T
	path  string
	db    *sqlite.DB
	owner user.User
}

const (
	oldSecret = "the old secret, which is long enough"
	newSecret = "the new secret, which is long enough"
)

// newHouse returns the house with the default settings, which the options change.
func newHouse(t *testing.T, options ...func(*session.Config)) *house {
	t.Helper()
	h := &house{
		t:     t,
		clock: &clock{now: time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)},
		path:  filepath.Join(t.TempDir(), "mayfly.db"),
	}
	h.Sessions = session.New(session.Config{})
	h.open()
	t.Cleanup(func() { h.close() })
	h.configure(append([]func(*session.Config){func(c *session.Config) {
		c.Keys = keys(t, oldSecret)
		c.Rule = session.Rule{Window: refreshWindow, Recovery: true}
		c.IdleTimeout, c.TTL = idleTimeout, sessionTTL
		c.Now = h.clock.Now
	}}, options...)...)
	var err error
	if h.owner, err = user.New("ada@example.com", "", "Ada", h.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if err := h.db.Users().Create(t.Context(), h.owner, "a hash"); err != nil {
		t.Fatal(err)
	}
	return h
}

func strict(c *session.Config) { c.Rule.Recovery = false }

// configure starts the room anew, as a restart with other settings does.
func (h *house) configure(options ...func(*session.Config)) {
	c := h.Config
	for _, option := range options {
		option(&c)
	}
	h.Sessions = session.New(c)
}

func (h *house) open() {
	h.t.Helper()
	db, err := sqlite.Open(h.t.Context(), sqlite.Options{Path: h.path})
	if err != nil {
		h.t.Fatal(err)
	}
	h.db = db
	h.configure(func(c *session.Config) { c.Store = db.Sessions() })
}

func (h *house) close() {
	h.t.Helper()
	if err := h.db.Close(); err != nil {
		h.t.Error(err)
	}
}

func keys(t *testing.T, secrets ...string) []secret.Key {
	t.Helper()
	list, err := secret.Parse(secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return list.Derive(session.TokenPurpose)
}

func (h *house) signIn() session.Grant {
	h.t.Helper()
	owner, err := h.db.Users().Find(h.t.Context(), h.owner.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	g, err := h.Start(h.t.Context(), owner, session.Cookie, []string{"pwd"}, session.Device{
		UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
		Address:   netip.MustParseAddr("192.0.2.7"),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return g
}

// refresh expects the token to be accepted.
func (h *house) refresh(token string) session.Grant {
	h.t.Helper()
	g, err := h.Refresh(h.t.Context(), token)
	if err != nil {
		h.t.Fatalf("refresh: %v", err)
	}
	return g
}

// refused expects the session to be over for a reason.
func (h *house) refused(token string, reason session.Reason) {
	h.t.Helper()
	_, err := h.Refresh(h.t.Context(), token)
	var ended *session.EndedError
	if !errors.As(err, &ended) || ended.Reason != reason {
		h.t.Fatalf("refresh: %v, want a session ended by %s", err, reason)
	}
}

func (h *house) row(id uuid.UUID) session.Record {
	h.t.Helper()
	rec, err := h.db.Sessions().Find(h.t.Context(), h.owner.ID, id)
	if err != nil {
		h.t.Fatal(err)
	}
	return rec
}

// unchanged expects the row to be what it was.
func (h *house) unchanged(before session.Record) {
	h.t.Helper()
	if after := h.row(before.ID); !reflect.DeepEqual(before, after) {
		h.t.Errorf("the row was written: generation %d → %d, rotated %s → %s, ended %q → %q",
			before.Generation, after.Generation, before.RotatedAt, after.RotatedAt, before.EndReason, after.EndReason)
	}
}
