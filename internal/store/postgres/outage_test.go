//go:build e2e

package postgres

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/fault"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/store/postgres/pgtest"
)

// TestPromise14_ADatabaseThatStopsAndStartsLosesNothing stops the database in the middle of rotations on two nodes,
// as an operator and as a crash would, again and again. Whoever got an answer finds it kept; whoever got none is told
// that the database is not there, and goes on by presenting the same token.
func TestPromise14_ADatabaseThatStopsAndStartsLosesNothing(t *testing.T) {
	own, err := pgtest.Start() // not the one that other tests use
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = own.Stop() })
	url := own.URL("postgres")
	f := fixtureAt(t, url)
	nodes := []*DB{f.DB, openDB(t, url)}
	const people = 24
	sessions := make([]session.Session, people)
	for i := range sessions {
		sessions[i] = f.signIn()
	}
	var answers, outages atomic.Int64
	var stop atomic.Bool
	var group sync.WaitGroup
	for i := range sessions {
		group.Go(func() {
			for !stop.Load() {
				rec, moved, err := nodes[i%2].Sessions().Rotate(t.Context(), nextOf(sessions[i]))
				if err != nil {
					outages.Add(1)
					if !fault.IsUnavailable(err) {
						t.Errorf("an outage is told as %v", err)
						return
					}
					continue
				}
				if err := continues(sessions[i], rec, moved); err != nil {
					t.Error(err)
					return
				}
				answers.Add(1)
				sessions[i] = rec.Session
			}
		})
	}
	for round := range 6 {
		before := answers.Load()
		waitFor(t, "answers", func() bool { return answers.Load() > before+people || t.Failed() })
		if err := own.Halt([]string{"fast", "immediate"}[round%2]); err != nil {
			t.Fatal(err)
		}
		down := outages.Load()
		waitFor(t, "the outage to be noticed", func() bool { return outages.Load() > down || t.Failed() })
		if err := own.Resume(); err != nil {
			t.Fatal(err)
		}
	}
	before := answers.Load()
	waitFor(t, "recovery", func() bool { return answers.Load() > before+people || t.Failed() })
	stop.Store(true)
	group.Wait()
	for _, s := range sessions {
		rec, err := f.Sessions().Find(t.Context(), s.User, s.ID)
		if err != nil || rec.Generation != s.Generation {
			t.Fatalf("generation %d was acknowledged, %d is stored, error %v", s.Generation, rec.Generation, err)
		}
		f.move(rec.Session)
	}
	t.Logf("%d answers, %d times told that the database was away", answers.Load(), outages.Load())
}

// continues checks an answer against what its holder knows: the row moved now, or by a try whose answer was lost.
func continues(had session.Session, rec session.Record, moved bool) error {
	if rec.Generation != had.Generation+1 || rec.Parent != had.Generation {
		return fmt.Errorf("from generation %d to %d with parent %d, moved %v", had.Generation, rec.Generation, rec.Parent, moved)
	}
	return nil
}
