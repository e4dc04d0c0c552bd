//go:build e2e

package postgres

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/fault"
)

func TestOpenTellsWhatIsWrongAndTheFix(t *testing.T) {
	here := server.URL("postgres")
	for name, c := range map[string]struct{ url, fix string }{
		"nobody there":        {strings.Replace(here, fmt.Sprint(server.Port), "1", 1), "PostgreSQL runs"},
		"no such database":    {server.URL("missing"), "createdb"},
		"no such user":        {strings.Replace(here, "mayfly@", "stranger:s3cret@", 1), "user and password"},
		"a database to read":  {server.Schema(t) + "&default_transaction_read_only=on", "primary"},
		"a schema that isn't": {here + "&search_path=nowhere", "search_path"},
	} {
		t.Run(name, func(t *testing.T) {
			db, err := Open(t.Context(), Options{URL: c.url})
			if err == nil {
				_ = db.Close()
			}
			wantFix(t, err, c.fix)
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the error holds the password: %v", err)
			}
		})
	}
}

// TestADatabaseThatTakesNoWritesIsToldAndRecovers, as a standby is that a failover has not reached yet.
func TestADatabaseThatTakesNoWritesIsToldAndRecovers(t *testing.T) {
	f := newFixture(t)
	s := f.signIn()
	f.exec("ALTER ROLE mayfly SET default_transaction_read_only = on")
	t.Cleanup(func() {
		if t.Failed() {
			server.Exec(t, "SET default_transaction_read_only = off; ALTER ROLE mayfly RESET default_transaction_read_only")
		}
	})
	db := &fixture{T: t, url: f.url}
	config, err := parse(f.url)
	if err != nil {
		t.Fatal(err)
	}
	if db.DB, err = connect(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	_, _, err = db.Sessions().Rotate(t.Context(), nextOf(s))
	wantFix(t, err, "primary")
	wantFix(t, db.Ping(t.Context()), "primary")
	if _, err := db.Sessions().Find(t.Context(), s.User, s.ID); err != nil {
		t.Errorf("reading: %v", err)
	}
	f.exec("SET default_transaction_read_only = off")
	f.exec("ALTER ROLE mayfly RESET default_transaction_read_only")
	f.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'mayfly' AND pid <> pg_backend_pid()")
	db.move(s)
}

// TestALostConnectionIsNotSeen ends every connection behind the store's back: what can be repeated is.
func TestALostConnectionIsNotSeen(t *testing.T) {
	f := newFixture(t)
	s := f.signIn()
	for range 5 {
		f.exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE application_name = 'mayfly' AND datname = current_database() AND pid <> pg_backend_pid()`)
		s = f.move(s)
		if _, err := f.Sessions().Find(t.Context(), s.User, s.ID); err != nil {
			t.Error(err)
		}
	}
}

func TestNoConnectionLeftIsToldAndSurvived(t *testing.T) {
	f := newFixture(t)
	s := f.signIn()
	f.exec("CREATE ROLE crowded LOGIN SUPERUSER")
	t.Cleanup(func() { server.Exec(t, "DROP ROLE crowded") })
	crowded := strings.Replace(f.url, "mayfly@", "crowded@", 1)
	config, err := parse(crowded)
	if err != nil {
		t.Fatal(err)
	}
	db, err := connect(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	f.exec("ALTER ROLE crowded NOSUPERUSER CONNECTION LIMIT 0")
	_, _, err = db.Sessions().Rotate(t.Context(), nextOf(s))
	wantFix(t, err, "max_connections")
	f.exec("ALTER ROLE crowded SUPERUSER CONNECTION LIMIT -1")
	if _, moved, err := db.Sessions().Rotate(t.Context(), nextOf(s)); err != nil || !moved {
		t.Errorf("moved %v, error %v", moved, err)
	}
}

func TestAClosedDatabaseIsToldAsSuch(t *testing.T) {
	f := newFixture(t)
	s := f.signIn()
	if err := errors.Join(f.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	_, _, rotating := f.Sessions().Rotate(t.Context(), nextOf(s))
	_, finding := f.Sessions().Find(t.Context(), s.User, s.ID)
	for _, err := range []error{rotating, finding, f.Ping(t.Context())} {
		if !fault.IsUnavailable(err) {
			t.Errorf("error %v", err)
		}
	}
}
