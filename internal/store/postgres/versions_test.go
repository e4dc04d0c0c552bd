//go:build e2e

package postgres

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/session"
)

// TestAnOldNodeGoesOnWhileANewerOneMigrates changes the schema under rotations and sign-ins, in the ways in which
// migrations add: no prepared statement may depend on what a table has besides.
func TestAnOldNodeGoesOnWhileANewerOneMigrates(t *testing.T) {
	f := newFixture(t)
	nodes := []*DB{f.DB, openDB(t, f.url)}
	people := make([]session.Session, 16)
	for i := range people {
		people[i] = f.signIn()
	}
	var answers atomic.Int64
	var stop atomic.Bool
	var group sync.WaitGroup
	defer group.Wait()
	defer stop.Store(true)
	for i, s := range people {
		group.Go(func() {
			for !stop.Load() {
				db := nodes[i%2]
				rec, moved, err := db.Sessions().Rotate(t.Context(), nextOf(s))
				if err != nil || !moved {
					t.Errorf("moved %v, error %v", moved, err)
					return
				}
				s = rec.Session
				u := somebody()
				if err := db.Users().Create(t.Context(), u, "$argon2id$"); err != nil {
					t.Error(err)
					return
				}
				if err := db.Sessions().Create(t.Context(), signedIn(u)); err != nil {
					t.Error(err)
					return
				}
				answers.Add(1)
			}
		})
	}
	for step := range 4 {
		until := answers.Load() + int64(len(people))
		waitFor(t, "answers", func() bool { return answers.Load() >= until || t.Failed() })
		for _, table := range []string{"users", "identifiers", "passwords", "sessions", "limits", "signing_keys", "mayfly"} {
			f.exec(fmt.Sprintf("ALTER TABLE %s ADD COLUMN of_a_later_version_%d text DEFAULT 'new'", table, step))
		}
		f.exec(fmt.Sprintf("CREATE TABLE of_a_later_version_%d AS SELECT id FROM users", step))
		f.exec(fmt.Sprintf("CREATE INDEX of_a_later_version_%d_by_name ON users (name)", step))
	}
	until := answers.Load() + int64(len(people))
	waitFor(t, "answers", func() bool { return answers.Load() >= until || t.Failed() })
}
