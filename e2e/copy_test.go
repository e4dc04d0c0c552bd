//go:build e2e

package e2e

import (
	"database/sql"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/store/sqlite"
	"github.com/mayfly-auth/mayfly/internal/transfer"
	"github.com/mayfly-auth/mayfly/internal/user"
)

func TestADeploymentMovesThroughEveryStoreAndNobodyIsSignedOut(t *testing.T) {
	old := start(t)
	client := newAPI(t, old.url)
	var people [6]answer
	for i := range people {
		people[i] = client.register(t, email(i))
	}
	t.Setenv("MAYFLY_SECRET_FILE", filepath.Join(old.data, "secret"))
	to := emptySchema(t)

	// The bulk is copied while people come and go.
	says(t, old.mustMayfly("store", "copy", "--to", to), "copied 6 new users", "the source is still at work")
	refused, err := old.mayfly("serve", "--listen", "127.0.0.1:0", "--database-url", to)
	if err == nil || !strings.Contains(refused, "is not complete") {
		t.Fatalf("a server on half a copy: %v\n%s", err, refused)
	}
	for i := range 3 {
		people[i] = client.mustRefresh(t, people[i].Refresh)
	}
	client.must(t, http.StatusNoContent, "POST", "/v1/logout", people[3].Access, nil)
	client.must(t, http.StatusNoContent, "DELETE", "/v1/me", people[4].Access, map[string]string{"current_password": password})
	late := client.register(t, "late@example.com")
	client.must(t, http.StatusNoContent, "POST", "/v1/me/password", people[5].Access,
		map[string]string{"current_password": password, "new_password": password + ", again"})
	old.stop()
	says(t, old.mustMayfly("store", "copy", "--to", to), "copied 1 new users", "took away 1", "both sides are the same")

	carriesOn := func(p *process) {
		t.Helper()
		client := newAPI(t, p.url)
		for i := range 3 {
			client.must(t, http.StatusOK, "GET", "/v1/me", people[i].Access, nil)
			people[i] = client.mustRefresh(t, people[i].Refresh)
			people[i] = client.mustRefresh(t, people[i].Refresh)
		}
		late = client.mustRefresh(t, late.Refresh)
		people[5] = client.mustRefresh(t, people[5].Refresh) // who changes the password stays signed in
		client.login(t, email(5), password+", again")
		client.must(t, http.StatusUnauthorized, "GET", "/v1/me", people[3].Access, nil)
		for _, gone := range []answer{people[3], people[4]} {
			if got, err := client.refresh(gone.Refresh); err != nil || got.Status != http.StatusUnauthorized {
				t.Fatalf("a session that was over is alive again: %d, %v", got.Status, err)
			}
		}
	}
	moved := old.on(to)
	carriesOn(moved)
	moved.stop()
	further := emptyMongo(t)
	says(t, old.mustMayfly("store", "copy", "--from", to, "--to", further), "copied 6 new users", "both sides are the same")
	moved = old.on(further)
	carriesOn(moved)
	moved.stop()
	back := "sqlite:" + filepath.Join(t.TempDir(), "mayfly.db")
	says(t, old.mustMayfly("store", "copy", "--from", further, "--to", back), "copied 6 new users", "both sides are the same")
	carriesOn(old.on(back))
}

// on starts a server in the place of p, on another database.
func (p *process) on(database string) *process {
	p.t.Helper()
	next := &process{
		t: p.t, url: p.url, host: p.host, data: filepath.Join(p.t.TempDir(), "data"),
		args: append(p.args[:len(p.args):len(p.args)], "--database-url", database),
	}
	next.run()
	p.t.Cleanup(next.kill)
	return next
}

func says(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, one := range words {
		if !strings.Contains(text, one) {
			t.Fatalf("%q is not in:\n%s", one, text)
		}
	}
}

// A trigger in the target lets the copy come to its fourth step and no further, so that it is killed in the middle on any
// machine.
func TestACopyThatWasKilledGoesOnFromWhereItWas(t *testing.T) {
	const all, stuck = 2600, 1700
	from := manyPeople(t, all)
	to := emptySchema(t)
	t.Setenv("MAYFLY_SECRET", "a secret that all the nodes of a test share")
	mustRun(t, "migrate", "--database-url", to)
	look := openSQL(t, "pgx", to)
	holder := openSQL(t, "pgx", to)
	holder.SetMaxOpenConns(1)
	change(t, holder, `SELECT pg_advisory_lock(7)`)
	change(t, look, `CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NEW; END $$`)
	change(t, look, fmt.Sprintf(`CREATE TRIGGER hold BEFORE INSERT ON users FOR EACH ROW WHEN (NEW.email = '%s') EXECUTE FUNCTION hold()`, email(stuck)))

	first := exec.Command(binary, "store", "copy", "--from", from, "--to", to)
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "three steps are done", func() bool { return count(t, look, "users") == 1500 })
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := first.Wait(); err == nil {
		t.Fatal("the copy was killed and says that it went well")
	}
	change(t, holder, `SELECT pg_advisory_unlock(7)`)
	change(t, look, `DROP TRIGGER hold ON users`)

	says(t, mustRun(t, "store", "copy", "--from", from, "--to", to),
		"copied 1100 new users and 0 changed ones, took away 0, left 1500 as they were", "both sides are the same")
	if n := count(t, look, "sessions"); n != all {
		t.Fatalf("%d sessions, want %d", n, all)
	}
	says(t, mustRun(t, "store", "copy", "--from", from, "--to", to), "left 2600 as they were", "both sides are the same")
}

// manyPeople makes a database of people, each with a session, and returns its URL.
func manyPeople(t *testing.T, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "many.db")
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	var people []transfer.Person
	for i := range n {
		u := user.User{ID: uuid.Must(uuid.NewV7()), Email: email(i), CreatedAt: now, UpdatedAt: now}
		s := session.Session{
			User: u.ID, ID: uuid.Must(uuid.NewV7()), Delivery: session.Body, CreatedAt: now, ExpiresAt: now.Add(time.Hour),
			Lineage: session.Lineage{Generation: 2, Parent: 1, RotatedAt: now},
		}
		people = append(people, transfer.Person{User: u, EmailKey: u.Email, PasswordHash: "$argon2id$", Sessions: []session.Session{s}})
	}
	if err := db.Transfer().Write(t.Context(), transfer.Change{Put: people}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + path
}

func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command(binary, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("mayfly %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func change(t *testing.T, db *sql.DB, text string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), text); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, db *sql.DB, table string) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
