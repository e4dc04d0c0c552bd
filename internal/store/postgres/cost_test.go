//go:build e2e

package postgres

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/mayfly-auth/mayfly/internal/session"
)

// TestARefreshIsOneStatement counts what is sent for a rotation, for one within the window, and for a dead token.
func TestARefreshIsOneStatement(t *testing.T) {
	f := newFixture(t)
	s := f.signIn()
	s = f.move(s) // whatever is prepared once in the life of a connection is prepared
	within := nextOf(s)
	within.RotatedBefore = s.RotatedAt
	dead := nextOf(s)
	dead.Session = uuid.New()
	for _, c := range []struct {
		name     string
		rotation session.Rotation
		moves    bool
	}{{"within the window", within, false}, {"a dead token", dead, false}, {"the usual case", nextOf(s), true}} {
		f.told.take()
		_, moved, err := f.Sessions().Rotate(t.Context(), c.rotation)
		if moved != c.moves || (err != nil) != (c.name == "a dead token") {
			t.Errorf("%s: moved %v, error %v", c.name, moved, err)
		}
		if sent := f.told.take(); len(sent) != 1 {
			t.Errorf("%s: %d statements:\n%s", c.name, len(sent), strings.Join(sent, "\n"))
		}
	}
}

// TestARefreshIsPlannedOnce asks the connections that carry refreshes, whose statements stay prepared.
func TestARefreshIsPlannedOnce(t *testing.T) {
	f := newFixture(t)
	for s := f.signIn(); s.Generation < 5; {
		s = f.move(s)
	}
	var once, anew int
	for _, c := range f.refreshes.pool.AcquireAllIdle(t.Context()) {
		var generic, custom int
		err := c.QueryRow(t.Context(), "SELECT sum(generic_plans), sum(custom_plans) FROM pg_prepared_statements").Scan(&generic, &custom)
		c.Release()
		if err != nil {
			t.Fatal(err)
		}
		once, anew = once+generic, anew+custom
	}
	if once < 4 || anew > 0 {
		t.Errorf("4 rotations were run by a plan that was there %d times, and were planned anew %d times", once, anew)
	}
}

// TestPromise14_TheTenThousandthRotationCostsWhatTheFirstDid compares statements, bytes of WAL and pages of the table.
func TestPromise14_TheTenThousandthRotationCostsWhatTheFirstDid(t *testing.T) {
	f := newFixture(t)
	s := f.move(f.signIn())
	measured := func() (sent int, wal, pages int64) {
		for range 20 {
			f.exec("CHECKPOINT") // or one of the two might write a whole page for being the first after one
			s = f.move(s)        // that one
			f.told.take()
			before := ask[string](f, "SELECT pg_current_wal_insert_lsn()::text")
			xid := ask[int64](f, "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
			s = f.move(s)
			wal = ask[int64](f, "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1::text::pg_lsn)::bigint", before)
			if ask[int64](f, "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint") == xid+1 {
				return len(f.told.take()), wal, ask[int64](f, "SELECT pg_relation_size('sessions')")
			}
			// Somebody else wrote at the same moment, autovacuum for one: what was measured is not one rotation's.
		}
		t.Fatal("no rotation was ever the only transaction that wrote")
		return 0, 0, 0
	}
	sentFirst, walFirst, pagesFirst := measured()
	// The ones between do not wait for the disk, or the test would do so ten thousand times.
	c := connectTo(t, f.url+"&synchronous_commit=off")
	for s.Generation < 10_000 {
		var batch pgx.Batch
		for range 500 {
			r := nextOf(s)
			batch.Queue(rotateOne, oneRotation(r)...)
			batch.Queue("COMMIT")
			s.Lineage = r.Next
		}
		if err := c.SendBatch(t.Context(), &batch).Close(); err != nil {
			t.Fatal(err)
		}
	}
	sentLast, walLast, pagesLast := measured()
	if sentFirst != 1 || sentLast != 1 || pagesFirst != pagesLast {
		t.Errorf("statements %d and %d, size %d and %d", sentFirst, sentLast, pagesFirst, pagesLast)
	}
	if walFirst > 300 || walLast > 300 || max(walFirst, walLast) > min(walFirst, walLast)+64 { // records are aligned
		t.Errorf("the first took %d bytes of WAL, the last %d", walFirst, walLast)
	}
	t.Logf("WAL: %d and %d bytes", walFirst, walLast)
}

// TestEveryRotationIsHOT rotates many sessions at once, so that flights are full and pages are shared, and asks the
// database how many updates touched an index. One plane carries them: beside one that the machine holds up, another would
// make so many flights that a page fills with versions which the first might still want to see, as any long transaction
// has it.
func TestEveryRotationIsHOT(t *testing.T) {
	f := onePlane(t)
	const people, rounds = 300, 20
	all := make([]session.Session, people)
	for i := range all {
		all[i] = f.signIn()
	}
	f.told.take()
	var group sync.WaitGroup
	for _, s := range all {
		group.Go(func() {
			for range rounds {
				rec, moved, err := f.Sessions().Rotate(t.Context(), nextOf(s))
				if err != nil || !moved {
					t.Errorf("moved %v, error %v", moved, err)
					return
				}
				s = rec.Session
			}
		})
	}
	group.Wait()
	sent := len(f.told.take())
	if sent >= people*rounds/2 {
		t.Errorf("%d statements for %d rotations: those that wait are to share one", sent, people*rounds)
	}
	if err := f.Close(); err != nil { // a backend tells its numbers when it ends
		t.Fatal(err)
	}
	var updates, hot int64
	waitFor(t, "the statistics", func() bool {
		f.exec("SELECT pg_stat_clear_snapshot()")
		updates = ask[int64](f, "SELECT n_tup_upd FROM pg_stat_user_tables WHERE relid = 'sessions'::regclass")
		return updates >= people*rounds
	})
	hot = ask[int64](f, "SELECT n_tup_hot_upd FROM pg_stat_user_tables WHERE relid = 'sessions'::regclass")
	if updates != people*rounds || hot != updates {
		t.Errorf("%d rotations were %d updates, %d of them HOT", people*rounds, updates, hot)
	}
	t.Logf("%d rotations in %d statements, %d HOT", people*rounds, sent, hot)
}

// TestNoIndexCoversWhatARefreshChanges: a refresh is to change one row in one page.
func TestNoIndexCoversWhatARefreshChanges(t *testing.T) {
	f := newFixture(t)
	columns := ask[[]string](f, `SELECT array_agg(DISTINCT a.attname::text) FROM pg_index i
		JOIN pg_attribute a ON a.attrelid = i.indexrelid WHERE i.indrelid = 'sessions'::regclass`)
	if fmt.Sprint(columns) != "[id user_id]" {
		t.Errorf("columns of sessions in an index: %v, want its key alone", columns)
	}
}

// TestHotStatementsSearchByKey asks the planner how it would run what runs often: never by reading a table through.
func TestHotStatementsSearchByKey(t *testing.T) {
	f := newFixture(t)
	f.exec("SET plan_cache_mode = force_generic_plan")
	f.exec("SET enable_seqscan = off") // the tables are empty: what is asked is whether there is another way
	for name, text := range map[string]string{
		"rotate one": rotateOne, "rotate many": rotateMany, "find session": findSession, "create session": createSession,
		"end": endSession, "end all": endAll, "list sessions": listSessions, "look at sessions": lookAtSessions,
		"delete dead": deleteDead, "find user": findUser, "find by identifier": findByIdentifier,
		"list users": listUsers, "find password": findPassword, "replace password": replacePassword,
		"take limit": takeLimit, "clean limits": cleanLimits, "give back": giveBack, "delete user": deleteUser,
		"delete sessions": deleteSessions, "delete identifiers": deleteIdentifiers, "claim": claimIdentifier,
		"disable": disableUser, "recent revocations": recentRevocations, "clean revocations": cleanRevocations,
	} {
		if plan := f.explain(text); strings.Contains(plan, "Seq Scan") {
			t.Errorf("%s:\n%s", name, plan)
		}
	}
}

// explain returns how a statement is run whatever its parameters are.
func (f *fixture) explain(text string) string {
	f.Helper()
	f.exec("PREPARE hot AS " + text)
	n := ask[int](f, "SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'hot'")
	rows, err := f.look.Query(f.Context(), "EXPLAIN EXECUTE hot("+strings.TrimSuffix(strings.Repeat("NULL,", n), ",")+")")
	if err != nil {
		f.Fatal(err)
	}
	var plan strings.Builder
	var line string
	for rows.Next() {
		if err := rows.Scan(&line); err != nil {
			f.Fatal(err)
		}
		plan.WriteString(line + "\n")
	}
	if err := rows.Err(); err != nil {
		f.Fatal(err)
	}
	f.exec("DEALLOCATE hot")
	return plan.String()
}
