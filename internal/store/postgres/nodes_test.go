//go:build e2e

package postgres

import (
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/fault"
	"github.com/mayfly-auth/mayfly/internal/session"
)

// TestPromise1_TwoNodesMakeOneGeneration presents one token to two nodes many times at the same moment.
func TestPromise1_TwoNodesMakeOneGeneration(t *testing.T) {
	f := newFixture(t)
	nodes := []session.Store{f.Sessions(), openDB(t, f.url).Sessions()}
	s := f.signIn()
	for range 30 {
		var moves atomic.Int64
		var all sync.WaitGroup
		gate := make(chan struct{})
		for i := range 100 {
			all.Go(func() {
				<-gate
				rec, moved, err := nodes[i%2].Rotate(t.Context(), nextOf(s))
				if err != nil {
					t.Error(err)
				} else if rec.Generation != s.Generation+1 || rec.Parent != s.Generation {
					t.Errorf("somebody saw generation %d with parent %d", rec.Generation, rec.Parent)
				}
				if moved {
					moves.Add(1)
				}
			})
		}
		close(gate)
		all.Wait()
		if moves.Load() != 1 || t.Failed() {
			t.Fatalf("%d rotations moved one generation", moves.Load())
		}
		s.Generation++
	}
}

// TestNodesThatCarryTheSameSessionsNeverDeadlock lets full flights of three nodes cross in random order, with endings
// and the cleaner between. The database counts its deadlocks.
func TestNodesThatCarryTheSameSessionsNeverDeadlock(t *testing.T) {
	f := newFixture(t)
	nodes := []*DB{f.DB, openDB(t, f.url), openDB(t, f.url)}
	all := make([]session.Session, 60)
	for i := range all {
		all[i] = f.signIn()
	}
	const deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
	before := ask[int64](f, deadlocks)
	var group sync.WaitGroup
	for _, db := range nodes {
		for range 40 {
			group.Go(func() {
				for range 40 {
					s := all[rand.IntN(len(all))]
					rec, err := db.Sessions().Find(t.Context(), s.User, s.ID)
					if err == nil {
						_, _, err = db.Sessions().Rotate(t.Context(), nextOf(rec.Session))
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		group.Go(func() {
			for range 40 {
				s := all[rand.IntN(len(all))]
				_, err := db.Sessions().EndAll(t.Context(), s.User, s.ID, session.Ending{At: noon, Reason: session.SignedOutElsewhere})
				_, _, cleaning := db.Sessions().Clean(t.Context(), session.CleanBatch{Limit: 100, EndedBefore: noon, IdleBefore: noon.AddDate(0, 0, -1)})
				if err := errors.Join(err, cleaning); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	for _, s := range all {
		rec, err := f.Sessions().Find(t.Context(), s.User, s.ID)
		if err != nil {
			t.Fatal(err)
		}
		f.move(rec.Session) // it was kept each time
	}
	f.exec("SELECT pg_stat_clear_snapshot()")
	if after := ask[int64](f, deadlocks); after != before {
		t.Errorf("%d deadlocks", after-before)
	}
}

// TestALockedRowHoldsNobodyElseUp lets an operator lock a session in psql and forget about it.
func TestALockedRowHoldsNobodyElseUp(t *testing.T) {
	f := newFixture(t)
	locked := f.signIn()
	tx, err := f.look.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	if _, err := tx.Exec(t.Context(), "SELECT FROM sessions WHERE id = $1 FOR UPDATE", locked.ID); err != nil {
		t.Fatal(err)
	}
	waiting := make(chan error, 1)
	go func() {
		_, _, err := f.Sessions().Rotate(t.Context(), nextOf(locked))
		waiting <- err
	}()
	for range 5 { // with the other plane
		f.move(f.signIn())
	}
	if err := <-waiting; !fault.IsUnavailable(err) {
		t.Errorf("the locked one: error %v", err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.move(locked)
}

// TestASessionOfAChangedUserIsNotLive changes the user behind the stores' back. Every step that disables or raises an
// epoch ends the sessions too; this shows that the user alone would be enough.
func TestASessionOfAChangedUserIsNotLive(t *testing.T) {
	for name, statement := range map[string]string{
		"disabled":         "UPDATE users SET disabled_at = now() WHERE id = $1",
		"a later epoch":    "UPDATE users SET epoch = epoch + 1 WHERE id = $1",
		"an earlier epoch": "UPDATE users SET epoch = epoch - 9 WHERE id = $1",
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			s := f.signIn()
			f.exec(statement, s.User)
			end := session.Ending{At: noon, Reason: session.SignedOut}
			if _, moved, err := f.Sessions().Rotate(t.Context(), nextOf(s)); err != nil || moved {
				t.Errorf("Rotate: moved %v, error %v", moved, err)
			}
			if ended, err := f.Sessions().End(t.Context(), s.User, s.ID, end); err != nil || ended {
				t.Errorf("End: ended %v, error %v", ended, err)
			}
			if n, err := f.Sessions().EndAll(t.Context(), s.User, uuid.Nil, end); err != nil || n != 0 {
				t.Errorf("EndAll: ended %d, error %v", n, err)
			}
			if _, err := f.Sessions().EndAll(t.Context(), s.User, s.ID, end); err != nil {
				t.Error(err)
			}
			rec, err := f.Sessions().Find(t.Context(), s.User, s.ID)
			if err != nil {
				t.Fatal(err)
			}
			if rec.Epoch != s.Epoch || rec.Lineage != s.Lineage || !rec.EndedAt.IsZero() {
				t.Errorf("the session was touched: %+v", rec.Session)
			}
		})
	}
}
