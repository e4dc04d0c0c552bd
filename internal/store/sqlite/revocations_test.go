package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/pressly/goose/v3"

	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/user"
)

var signOut = session.Ending{At: noon, Reason: session.SignedOut}

// signIn stores a person and a session.
func (f fixture) signIn() session.Session {
	f.Helper()
	u := somebody()
	s := signedIn(u)
	if err := errors.Join(f.Users().Create(f.Context(), u, "$argon2id$"), f.Sessions().Create(f.Context(), s)); err != nil {
		f.Fatal(err)
	}
	return s
}

// revoked returns the sessions that were ended early.
func (f fixture) revoked() (ids []uuid.UUID) {
	f.Helper()
	seen, err := f.Revocations().Recent(f.Context(), time.Hour, 100)
	if err != nil {
		f.Fatal(err)
	}
	for _, r := range seen.Revocations {
		ids = append(ids, r.Session)
	}
	return ids
}

// TestTheClockOfRevocationsIsTheMachines: the moments of sessions come from outside, those of revocations do not.
func TestTheClockOfRevocationsIsTheMachines(t *testing.T) {
	f := newFixture(t)
	s := f.signIn()
	before := time.Now().Truncate(time.Millisecond)
	if _, err := f.Sessions().End(t.Context(), s.User, s.ID, signOut); err != nil {
		t.Fatal(err)
	}
	seen, err := f.Revocations().Recent(t.Context(), time.Hour, 1)
	if err != nil || len(seen.Revocations) != 1 {
		t.Fatalf("%+v, error %v", seen, err)
	}
	if at := seen.Revocations[0].At; at.Before(before) || at.After(time.Now()) || seen.Now.Before(at) || seen.Now.After(time.Now()) {
		t.Errorf("revoked at %v and read at %v, which was after %v", at, seen.Now, before)
	}
}

// TestWhatACommandRevokesIsReadByTheServer has two processes over one file, in one.
func TestWhatACommandRevokesIsReadByTheServer(t *testing.T) {
	server := newFixture(t)
	command := openDB(t, server.path)
	one, two := server.signIn(), server.signIn()
	if _, err := command.Sessions().End(t.Context(), one.User, one.ID, signOut); err != nil {
		t.Fatal(err)
	}
	if err := command.Users().Delete(t.Context(), two.User); err != nil {
		t.Fatal(err)
	}
	if got := server.revoked(); len(got) != 2 || got[0] != one.ID || got[1] != two.ID {
		t.Errorf("revoked are %v", got)
	}
}

// TestAStepThatFailsHalfWayRevokesNothing lets each ending fail after it has written its sessions down.
func TestAStepThatFailsHalfWayRevokesNothing(t *testing.T) {
	const (
		ending   = "UPDATE OF ended_at ON sessions"
		deleting = "DELETE ON users"
	)
	for name, c := range map[string]struct {
		half string
		step func(f fixture, s session.Session) error
	}{
		"End": {ending, func(f fixture, s session.Session) error {
			_, err := f.Sessions().End(f.Context(), s.User, s.ID, signOut)
			return err
		}},
		"EndAll": {ending, func(f fixture, s session.Session) error {
			_, err := f.Sessions().EndAll(f.Context(), s.User, uuid.Nil, signOut)
			return err
		}},
		"Disable": {ending, func(f fixture, s session.Session) error {
			return f.Users().Disable(f.Context(), s.User, true, noon)
		}},
		"Delete": {deleting, func(f fixture, s session.Session) error { return f.Users().Delete(f.Context(), s.User) }},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			s := f.signIn()
			f.write("CREATE TRIGGER half BEFORE " + c.half + " BEGIN SELECT RAISE(ABORT, 'half way'); END")
			if err := c.step(f, s); err == nil {
				t.Fatal("it did not fail")
			}
			if got := f.revoked(); len(got) != 0 {
				t.Errorf("revoked are %v", got)
			}
			f.write("DROP TRIGGER half")
			if err := c.step(f, s); err != nil {
				t.Fatal(err)
			}
			if got := f.revoked(); len(got) != 1 || got[0] != s.ID {
				t.Errorf("revoked are %v", got)
			}
		})
	}
}

// downTo brings a database back to an older schema, as an older mayfly made it.
func downTo(t *testing.T, path string, version int64) {
	t.Helper()
	db, err := sql.Open("sqlite", dsn(path))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.DownTo(context.Background(), version); err != nil {
		t.Fatal(err)
	}
}

// TestSessionsOfTheFirstSchemaGoOnInTheNext: people who are signed in notice nothing of a new binary.
func TestSessionsOfTheFirstSchemaGoOnInTheNext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mayfly.db")
	db, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	old := fixture{t, db}
	s := old.signIn()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	downTo(t, path, 1)
	if current, latest, err := Status(t.Context(), path); err != nil || current != 1 || latest < 2 {
		t.Fatalf("schema %d of %d, error %v", current, latest, err)
	}

	f := fixture{t, openDB(t, path)}
	if _, moved, err := f.Sessions().Rotate(t.Context(), nextOf(s)); err != nil || !moved {
		t.Fatalf("moved %v, error %v", moved, err)
	}
	var u user.User
	if u, err = f.Users().Find(t.Context(), s.User); err != nil {
		t.Fatal(err)
	}
	if err := f.Sessions().Create(t.Context(), signedIn(u)); err != nil {
		t.Fatal(err)
	}
	if n, err := f.Sessions().EndAll(t.Context(), s.User, uuid.Nil, signOut); err != nil || n != 2 {
		t.Fatalf("ended %d, error %v", n, err)
	}
	if got := f.revoked(); len(got) != 2 {
		t.Errorf("revoked are %v", got)
	}
}
