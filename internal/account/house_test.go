package account_test

import (
	"context"
	"net/netip"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/account"
	"github.com/mayfly-auth/mayfly/internal/credential"
	"github.com/mayfly-auth/mayfly/internal/limit"
	"github.com/mayfly-auth/mayfly/internal/secret"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/store/sqlite"
	"github.com/mayfly-auth/mayfly/internal/user"
)

const (
	goodPassword  = "correct horse battery staple"
	otherPassword = "korrekt pferd batterie heftklammer"
)

var (
	home = session.Device{UserAgent: "home", Address: netip.MustParseAddr("192.0.2.1")}
	cafe = session.Device{UserAgent: "café", Address: netip.MustParseAddr("198.51.100.7")}
)

// house is Accounts over a real database, with a clock that stands still and cheap hashes.
type house struct {
	*account.Accounts
	clock *atomic.Int64
	// between is called with the name of each step of a store that has just been done, so that a test can do
	// something else in between.
	between *func(step string)
}

func newHouse(t *testing.T) *house {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "mayfly.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	secrets, err := secret.Parse(secret.Generate())
	if err != nil {
		t.Fatal(err)
	}
	h := &house{clock: new(atomic.Int64), between: new(func(string))}
	h.clock.Store(time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC).UnixNano())
	now := func() time.Time { return time.Unix(0, h.clock.Load()) }
	done := func(step string) {
		if f := *h.between; f != nil {
			f(step)
		}
	}
	h.Accounts = account.New(account.Config{
		Users:       users{db.Users(), done},
		Credentials: credentials{db.Credentials(), done},
		Sessions: session.New(session.Config{
			Store: sessions{db.Sessions(), done}, Keys: secrets.Derive(session.TokenPurpose), Now: now,
			Rule: session.Rule{Window: 30 * time.Second, Recovery: true}, IdleTimeout: 30 * 24 * time.Hour, TTL: 90 * 24 * time.Hour,
		}),
		Hasher: credential.NewHasher(credential.Config{Memory: 64, Time: 1, Queue: 1000}),
		Limiter: limit.New(limit.Config{
			Store: db.Limits(), Now: now,
			Buckets: limit.Buckets{Registration: limit.Bucket{Burst: 100, Interval: 36 * time.Second}}, // a full one takes too long to fill
		}),
		Now: now,
	})
	return h
}

func (h *house) advance(by time.Duration) { h.clock.Add(int64(by)) }

// onceAfter does something else, once, right after a step.
func (h *house) onceAfter(step string, do func()) {
	*h.between = func(done string) {
		if done == step {
			*h.between = nil
			do()
		}
	}
}

// register makes alice, whose first session is at home.
func (h *house) register(t *testing.T) session.Grant {
	t.Helper()
	grant, err := h.Register(t.Context(), account.Registration{
		Email: "alice@example.com", Username: "alice", Name: "Alice", Password: goodPassword, Delivery: session.Cookie, Device: home,
	})
	if err != nil {
		t.Fatal(err)
	}
	return grant
}

func (h *house) login(t *testing.T, identifier, password string, from session.Device) (session.Grant, error) {
	t.Helper()
	return h.Login(t.Context(), account.Login{Identifier: identifier, Password: password, Delivery: session.Cookie, Device: from})
}

func (h *house) mustLogin(t *testing.T, identifier, password string, from session.Device) session.Grant {
	t.Helper()
	grant, err := h.login(t, identifier, password, from)
	if err != nil {
		t.Fatal(err)
	}
	return grant
}

// live are the sessions that can still be used.
func (h *house) live(t *testing.T, id uuid.UUID) []session.Session {
	t.Helper()
	u, err := h.Users.Find(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	all, err := h.Sessions.List(t.Context(), u, false)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (h *house) hashes() int64 { return h.Hasher.Load().Done }

func caller(g session.Grant, password string) account.Caller {
	return account.Caller{User: g.User, Session: g.ID, Password: password}
}

// The stores are the real ones; these only say what was done.
type (
	users struct {
		user.Store
		done func(string)
	}
	credentials struct {
		credential.Store
		done func(string)
	}
	sessions struct {
		session.Store
		done func(string)
	}
)

func (s users) FindByIdentifier(ctx context.Context, key string) (user.User, error) {
	u, err := s.Store.FindByIdentifier(ctx, key)
	s.done("find user")
	return u, err
}

func (s credentials) PasswordHash(ctx context.Context, id uuid.UUID) (string, error) {
	hash, err := s.Store.PasswordHash(ctx, id)
	s.done("find password")
	return hash, err
}

func (s credentials) ReplacePassword(ctx context.Context, r credential.Replacement) error {
	err := s.Store.ReplacePassword(ctx, r)
	s.done("replace password")
	return err
}

func (s sessions) Create(ctx context.Context, one session.Session) error {
	err := s.Store.Create(ctx, one)
	s.done("create session")
	return err
}
