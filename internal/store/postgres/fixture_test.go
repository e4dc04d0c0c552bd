//go:build e2e

package postgres

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/mayfly-auth/mayfly/internal/fault"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/user"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// fixture is an open database, and a connection to look into it.
type fixture struct {
	*testing.T
	*DB
	url  string
	look *pgx.Conn
	told *statements
}

func newFixture(t *testing.T) *fixture { return fixtureAt(t, server.Schema(t)) }

func fixtureAt(t *testing.T, url string) *fixture {
	t.Helper()
	f := &fixture{T: t, url: url, told: &statements{}}
	var err error
	if f.DB, err = Open(t.Context(), Options{URL: url, Tracer: f.told}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	f.look = connectTo(t, url)
	return f
}

func connectTo(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	config, err := pgxpool.ParseConfig(url) // which knows what is not PostgreSQL's own
	if err != nil {
		t.Fatal(err)
	}
	delete(config.ConnConfig.RuntimeParams, "mayfly_rotate")
	c, err := pgx.ConnectConfig(t.Context(), config.ConnConfig)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

// exec runs a statement behind the stores' back.
func (f *fixture) exec(text string, args ...any) {
	f.Helper()
	if _, err := f.look.Exec(f.Context(), text, args...); err != nil {
		f.Fatal(err)
	}
}

// ask returns the one value that a query gives.
func ask[T any](f *fixture, text string, args ...any) (v T) {
	f.Helper()
	if err := f.look.QueryRow(f.Context(), text, args...).Scan(&v); err != nil {
		f.Fatal(err)
	}
	return v
}

// signIn stores a person and a session.
func (f *fixture) signIn() session.Session {
	f.Helper()
	u := somebody()
	if err := f.Users().Create(f.Context(), u, "$argon2id$"); err != nil {
		f.Fatal(err)
	}
	s := signedIn(u)
	if err := f.Sessions().Create(f.Context(), s); err != nil {
		f.Fatal(err)
	}
	return s
}

// move rotates a session that must move.
func (f *fixture) move(s session.Session) session.Session {
	f.Helper()
	rec, moved, err := f.Sessions().Rotate(f.Context(), nextOf(s))
	if err != nil || !moved {
		f.Fatalf("moved %v, error %v", moved, err)
	}
	return rec.Session
}

// somebody returns a user, signedIn a session of theirs, nextOf its next rotation.
func somebody() user.User {
	id := uuid.Must(uuid.NewV7())
	return user.User{ID: id, Email: id.String() + "@example.org", Name: "A Person", Roles: []string{"reader"}}
}

func signedIn(u user.User) session.Session {
	return session.Session{
		User: u.ID, ID: uuid.Must(uuid.NewV7()), Epoch: u.Epoch,
		Lineage:  session.Lineage{Generation: 1, RotatedAt: noon},
		Delivery: session.Cookie, AMR: []string{"pwd"},
		Device:    session.Device{UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"},
		CreatedAt: noon, ExpiresAt: noon.AddDate(10, 0, 0),
	}
}

func nextOf(s session.Session) session.Rotation {
	return session.Rotation{
		User: s.User, Session: s.ID, Generation: s.Generation,
		RotatedBefore: noon.AddDate(1, 0, 0), RotatedAfter: noon.AddDate(-1, 0, 0), Now: noon,
		Next: session.Lineage{Generation: s.Generation + 1, Parent: s.Generation, RotatedAt: noon},
	}
}

// statements keeps what was sent.
type statements struct {
	mu   sync.Mutex
	sent []string
}

func (s *statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, q.SQL)
	return ctx
}

func (s *statements) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// take returns what was sent since it was last asked.
func (s *statements) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	sent := s.sent
	s.sent = nil
	return sent
}

// wantFix fails the test unless err is a fault whose fix holds the words.
func wantFix(t *testing.T, err error, words string) {
	t.Helper()
	var unavailable *fault.Unavailable
	if !errors.As(err, &unavailable) {
		t.Fatalf("error %v is no fault", err)
	}
	if !strings.Contains(unavailable.Fix, words) {
		t.Fatalf("the fix of %v is not about %q", err, words)
	}
}
