//go:build e2e

package postgres

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/session"
)

// TestManyNodesStartAtOnceOnAnEmptyDatabase and each finds the schema made.
func TestManyNodesStartAtOnceOnAnEmptyDatabase(t *testing.T) {
	where := server.Schema(t)
	errs := make(chan error)
	const nodes = 8
	for range nodes {
		go func() {
			db, err := Open(t.Context(), Options{URL: where})
			if err == nil {
				err = errors.Join(db.Ping(t.Context()), db.Close())
			}
			errs <- err
		}()
	}
	for range nodes {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func TestStatusTellsWhatMigrateWillDo(t *testing.T) {
	where := server.Schema(t)
	want := func(current int64) {
		t.Helper()
		got, latest, err := Status(t.Context(), where)
		if err != nil {
			t.Fatal(err)
		}
		if latest < 1 || got != min(current, latest) {
			t.Fatalf("schema %d of %d, want %d", got, latest, current)
		}
	}
	want(0)
	_, err := Open(t.Context(), Options{URL: where, NoMigrate: true})
	var tooOld *SchemaTooOldError
	if !errors.As(err, &tooOld) || tooOld.Have != 0 || !strings.Contains(err.Error(), "mayfly migrate") {
		t.Fatalf("error %v", err)
	}
	want(0)
	for range 2 {
		if err := Migrate(t.Context(), where); err != nil {
			t.Fatal(err)
		}
		want(1 << 40)
	}
	db, err := Open(t.Context(), Options{URL: where, NoMigrate: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestAnOldNodeStartsBesideNewOnes, unless a migration says that it cannot.
func TestAnOldNodeStartsBesideNewOnes(t *testing.T) {
	f := newFixture(t)
	latest, err := latestSchema()
	if err != nil {
		t.Fatal(err)
	}
	f.exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES ($1, true)", latest+2)
	f.exec("ALTER TABLE sessions ADD COLUMN of_a_later_version text")
	beside := openDB(t, f.url)
	s := f.signIn()
	if _, moved, err := beside.Sessions().Rotate(t.Context(), nextOf(s)); err != nil || !moved {
		t.Errorf("moved %v, error %v", moved, err)
	}
	f.exec("UPDATE mayfly SET oldest_program = $1", latest+2)
	_, err = Open(t.Context(), Options{URL: f.url})
	var tooNew *SchemaTooNewError
	if !errors.As(err, &tooNew) || tooNew.Needs != latest+2 || tooNew.Known != latest {
		t.Errorf("error %v", err)
	}
}

// TestANodeNeedsNoRightToMakeTables once somebody else has made them.
func TestANodeNeedsNoRightToMakeTables(t *testing.T) {
	where := server.Schema(t)
	if err := Migrate(t.Context(), where); err != nil {
		t.Fatal(err)
	}
	parsed, err := url.Parse(where)
	if err != nil {
		t.Fatal(err)
	}
	schema := parsed.Query().Get("search_path")
	role := "node_of_" + schema
	c := connectTo(t, where)
	if _, err := c.Exec(t.Context(), fmt.Sprintf(`CREATE ROLE %[1]s LOGIN; GRANT USAGE ON SCHEMA %[2]s TO %[1]s;
		GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %[2]s TO %[1]s`, role, schema)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Exec(t, "DROP OWNED BY "+role+"; DROP ROLE "+role) })
	f := fixtureAt(t, strings.Replace(where, "mayfly@", role+"@", 1))
	s := f.move(f.signIn())
	if _, err := f.Sessions().EndAll(t.Context(), s.User, s.ID, session.Ending{At: noon, Reason: session.SignedOutElsewhere}); err != nil {
		t.Error(err)
	}
	if err := errors.Join(f.Ping(t.Context()), f.Users().Delete(t.Context(), s.User)); err != nil {
		t.Error(err)
	}
	if _, err := c.Exec(t.Context(), "REVOKE UPDATE ON mayfly FROM "+role); err != nil {
		t.Fatal(err)
	}
	wantFix(t, f.Ping(t.Context()), "rights")
}
