//go:build e2e

package postgres

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/mayfly-auth/mayfly/internal/credential"
	"github.com/mayfly-auth/mayfly/internal/session"
)

// TestPromise12_AnEndingOvertakesAFlightThatHasBegun holds a statement with two rotations when it has seen what was
// committed and has not yet looked for its rows, ends one of the sessions through another node, and lets it go on.
func TestPromise12_AnEndingOvertakesAFlightThatHasBegun(t *testing.T) {
	for name, end := range map[string]func(*DB, session.Session) error{
		"End": func(db *DB, s session.Session) error {
			_, err := db.Sessions().End(t.Context(), s.User, s.ID, session.Ending{At: noon, Reason: session.SignedOut})
			return err
		},
		"EndAll": func(db *DB, s session.Session) error {
			_, err := db.Sessions().EndAll(t.Context(), s.User, uuid.Nil, session.Ending{At: noon, Reason: session.SignedOutElsewhere})
			return err
		},
		"ReplacePassword": func(db *DB, s session.Session) error {
			return db.Credentials().ReplacePassword(t.Context(), credential.Replacement{
				User: s.User, OldHash: "$argon2id$", NewHash: "$argon2id$new", EndSessions: true, At: noon,
			})
		},
		"Disable": func(db *DB, s session.Session) error { return db.Users().Disable(t.Context(), s.User, true, noon) },
		"Delete":  func(db *DB, s session.Session) error { return db.Users().Delete(t.Context(), s.User) },
	} {
		t.Run(name, func(t *testing.T) {
			f := onePlane(t)
			other := openDB(t, f.url)
			over, stays := f.signIn(), f.signIn()
			ended, moved, goOn := f.holdTogether(over, stays)
			if err := end(other, over); err != nil {
				t.Fatal(err)
			}
			goOn()
			if got := <-moved; got.err != nil || !got.moved {
				t.Errorf("the other session: moved %v, error %v", got.moved, got.err)
			}
			switch got := <-ended; {
			case errors.Is(got.err, session.ErrNotFound) && name == "Delete":
			case got.err != nil || got.moved || got.rec.EndedAt.IsZero():
				t.Errorf("the one that was ended: %+v", got)
			}
		})
	}
}

// TestAFlightWaitsForNobodysRow carries a session whose row an operator has locked together with another one.
func TestAFlightWaitsForNobodysRow(t *testing.T) {
	f := onePlane(t)
	locked, free := f.signIn(), f.signIn()
	waits, moved, goOn := f.holdTogether(locked, free)
	tx, err := f.look.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	if _, err := tx.Exec(t.Context(), "SELECT FROM sessions WHERE id = $1 FOR UPDATE", locked.ID); err != nil {
		t.Fatal(err)
	}
	goOn()
	if got := <-moved; got.err != nil || !got.moved {
		t.Errorf("the free one: moved %v, error %v", got.moved, got.err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := <-waits; got.err != nil || !got.moved {
		t.Errorf("the locked one: moved %v, error %v", got.moved, got.err)
	}
}

// TestASignInWaitsForAnEndingThatHasBegun has the user changed by somebody who has not yet committed. A sign-in that did
// not wait would be told that it stands, with a session that is over from the first.
func TestASignInWaitsForAnEndingThatHasBegun(t *testing.T) {
	f := fixtureAt(t, server.Schema(t)+"&lock_timeout=0&statement_timeout=0")
	u := somebody()
	if err := f.Users().Create(t.Context(), u, "$argon2id$"); err != nil {
		t.Fatal(err)
	}
	other := connectTo(t, f.url)
	ending, err := other.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer ending.Rollback(t.Context())
	if _, err := ending.Exec(t.Context(), "UPDATE users SET epoch = epoch + 1 WHERE id = $1", u.ID); err != nil {
		t.Fatal(err)
	}
	answer := make(chan error, 1)
	go func() { answer <- f.Sessions().Create(context.Background(), signedIn(u)) }()
	waitFor(t, "the sign-in to wait for the row, or to be answered", func() bool {
		return len(answer) > 0 || ask[int](f, `SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()
			AND pid IN (SELECT pid FROM pg_stat_activity WHERE query LIKE '%INSERT INTO sessions%')`) > 0
	})
	if len(answer) > 0 {
		t.Fatalf("answered while the ending was under way: %v", <-answer)
	}
	if err := ending.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-answer; !errors.Is(err, session.ErrUserChanged) {
		t.Errorf("after the ending: %v", err)
	}
}

// onePlane has one plane, and no setting that ends a wait early.
func onePlane(t *testing.T) *fixture {
	t.Helper()
	return fixtureAt(t, server.Schema(t)+"&pool_max_conns=4&lock_timeout=0&statement_timeout=0")
}

// holdTogether lets one statement depart with two rotations, and holds it when it has begun and has not yet looked for
// its rows.
func (f *fixture) holdTogether(one, two session.Session) (first, second chan arrival, goOn func()) {
	f.Helper()
	g := newGate(f)
	g.close(f.look)
	f.depart(f.signIn()) // whoever comes now waits for the next flight
	waitFor(f.T, "the first flight to wait", func() bool { return g.waiting() == 1 })
	next := connectTo(f.T, f.url)
	closed := make(chan error, 1)
	go func() { _, err := next.Exec(f.Context(), lockGate); closed <- err }() // again, right behind the first flight
	waitFor(f.T, "the gate to be about to close", func() bool { return g.waiting() == 2 })
	first, second = f.depart(one), f.depart(two)
	waitFor(f.T, "both to board", func() bool { return f.fleet.waits() == 2 })
	g.open(f.look)
	if err := <-closed; err != nil {
		f.Fatal(err)
	}
	waitFor(f.T, "the second flight to wait", func() bool { return g.waiting() == 1 })
	return first, second, func() { g.open(next) }
}

// depart rotates and returns where the answer will be.
func (f *fixture) depart(s session.Session) chan arrival {
	answer := make(chan arrival, 1)
	go func() {
		rec, moved, err := f.Sessions().Rotate(context.Background(), nextOf(s))
		answer <- arrival{rec, moved, err}
	}()
	return answer
}

// gate holds rotations up: a trigger asks for a lock that the test has taken. It fires when the statement has begun and
// before the first row is looked for.
type gate struct{ f *fixture }

const (
	lockGate = "SELECT pg_advisory_lock(12)"
	openGate = "SELECT pg_advisory_unlock(12)"
)

func newGate(f *fixture) gate {
	f.exec(`CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS
		$$BEGIN PERFORM pg_advisory_xact_lock_shared(12); RETURN NULL; END$$`)
	f.exec("CREATE TRIGGER gate BEFORE UPDATE OF generation ON sessions FOR EACH STATEMENT EXECUTE FUNCTION wait_at_gate()")
	return gate{f}
}

func (g gate) close(c *pgx.Conn) { g.exec(c, lockGate) }
func (g gate) open(c *pgx.Conn)  { g.exec(c, openGate) }

func (g gate) exec(c *pgx.Conn, text string) {
	g.f.Helper()
	if _, err := c.Exec(g.f.Context(), text); err != nil {
		g.f.Fatal(err)
	}
}

// waiting counts who waits for the lock.
func (g gate) waiting() int {
	return ask[int](g.f, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 12 AND NOT granted")
}
