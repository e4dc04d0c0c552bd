//go:build e2e

package e2e

import (
	"context"
	"database/sql"
	"net/http"
	"strings"
	"testing"
	"time"
)

// pause is a point of its way at which a refresh is held.
type pause struct {
	name  string
	at    *api // the node whose refresh it is
	begin func()
	holds func() bool
	end   func()
	won   bool // the refresh was made before the ending
}

// TestPromise12_AnEndingOvertakesAPausedRefresh holds a refresh of one node at each point of its way, ends the session
// through the other node, which does not wait for it, and lets the refresh go on.
func TestPromise12_AnEndingOvertakesAPausedRefresh(t *testing.T) {
	on := deploy(t, storeNamed(t, "PostgreSQL"))
	way := newRoad(t, on.url)
	nodes := []*process{
		start(t, "--refresh-window", "1ms"),
		start(t, "--refresh-window", "1ms", "--database-url", way.url+"&default_query_exec_mode=exec"), // names its statements in full
	}
	gate := newGate(t, on.url)
	through := apis(t, nodes)
	aRotation := kind{"SET generation ="}
	overtake(t, nodes[0], through, []pause{
		{"before it reads", through[1], func() { way.hold(beforeTheDatabase, aRotation) }, way.holds, way.open, false},
		{"between read and write", through[1], gate.close, gate.holds, gate.open, false},
		{"before it is answered", through[1], func() { way.hold(onTheWayBack, aRotation) }, way.holds, way.open, true},
	})
}

// overtake ends sessions through the first node, in every way, while a refresh is held at each point.
func overtake(t *testing.T, free *process, through []*api, pauses []pause) {
	for _, pause := range pauses {
		for i, one := range endings {
			t.Run(pause.name+", "+one.name, func(t *testing.T) {
				v := victim{email: strings.ReplaceAll(pause.name, " ", "-") + email(i)}
				v.answer = through[0].register(t, v.email)
				signedIn := time.Now()
				end := one.prepare(t, free, through[0], v)
				// Within the window the same token would be given again, which is no harm: it is as dead as the session.
				eventually(t, "the refresh window is over", func() bool { return time.Since(signedIn) > 10*time.Millisecond })
				pause.begin()
				answered := make(chan answer, 1)
				go func() {
					got, _ := pause.at.refresh(v.Refresh) // one without an answer has no status
					answered <- got
				}()
				eventually(t, "the refresh is held", pause.holds)
				end()
				pause.end()
				got := <-answered
				switch {
				case pause.won && got.Status == http.StatusOK:
					nobodyGoesOn(t, through, got.Refresh)
				case pause.won || got.Status != http.StatusUnauthorized:
					t.Errorf("the refresh that was paused: %d %s", got.Status, got.Body)
				}
				nobodyGoesOn(t, through, v.Refresh)
			})
		}
	}
}

func storeNamed(t *testing.T, name string) store {
	t.Helper()
	for _, one := range stores {
		if one.name == name {
			return one
		}
	}
	t.Fatalf("no store is named %s", name)
	return store{}
}

// gate stops rotations within the database: their statement has begun, and so has seen what was committed until then,
// and has not yet looked for its row. A trigger asks for a lock that the test holds.
type gate struct {
	t    *testing.T
	conn *sql.Conn
}

const gateLock = "12"

func newGate(t *testing.T, url string) *gate {
	t.Helper()
	conn, err := openSQL(t, "pgx", url).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{t, conn}
	t.Cleanup(func() { _ = conn.Close() })
	g.exec(`CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS
		$$BEGIN PERFORM pg_advisory_xact_lock_shared(` + gateLock + `); RETURN NULL; END$$`)
	g.exec("CREATE TRIGGER gate BEFORE UPDATE OF generation ON sessions FOR EACH STATEMENT EXECUTE FUNCTION wait_at_gate()")
	return g
}

func (g *gate) close() { g.exec("SELECT pg_advisory_lock(" + gateLock + ")") }
func (g *gate) open()  { g.exec("SELECT pg_advisory_unlock(" + gateLock + ")") }

// holds reports whether somebody waits at the gate.
func (g *gate) holds() (waiting bool) {
	g.t.Helper()
	err := g.conn.QueryRowContext(g.t.Context(), `SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory'
		AND objid = `+gateLock+` AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`).Scan(&waiting)
	if err != nil {
		g.t.Fatal(err)
	}
	return waiting
}

func (g *gate) exec(text string) {
	g.t.Helper()
	if _, err := g.conn.ExecContext(g.t.Context(), text); err != nil {
		g.t.Fatal(err)
	}
}

// TestPromise12_AnEndingAndARefreshThatWaitForTheSameFile lets somebody else hold the file of SQLite, as a backup does,
// so that a refresh and an ending wait at the same moment, in both orders of arrival.
func TestPromise12_AnEndingAndARefreshThatWaitForTheSameFile(t *testing.T) {
	on := deploy(t, storeNamed(t, "SQLite"))
	p := start(t, "--refresh-window", "1ms")
	a := newAPI(t, p.url)
	backup, err := openSQL(t, "sqlite", strings.TrimPrefix(on.url, "sqlite:")+"?_pragma=busy_timeout(10000)").Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer backup.Close()
	hold := func(text string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := backup.ExecContext(ctx, text); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 6 {
		v := victim{email: email(i)}
		v.answer = a.register(t, v.email)
		end := endings[i%2].prepare(t, p, a, v)
		hold("BEGIN IMMEDIATE")
		var got answer
		steps := []func(){func() { got, _ = a.refresh(v.Refresh) }, end}
		done := make(chan struct{}, len(steps))
		for j := range steps {
			go func() {
				steps[(i/2+j)%2]()
				done <- struct{}{}
			}()
		}
		hold("ROLLBACK")
		for range steps {
			<-done
		}
		switch got.Status {
		case http.StatusOK:
			nobodyGoesOn(t, []*api{a}, got.Refresh)
		case http.StatusUnauthorized:
		default:
			t.Errorf("the refresh: %d %s", got.Status, got.Body)
		}
		nobodyGoesOn(t, []*api{a}, v.Refresh)
	}
}
