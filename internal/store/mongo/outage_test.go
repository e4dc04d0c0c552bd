//go:build e2e

package mongo

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/fault"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/store/mongo/mongotest"
)

// ownServer starts a server that a test may kill.
func ownServer(t *testing.T) *mongotest.Server {
	t.Helper()
	own, err := mongotest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := own.Stop(); err != nil {
			t.Error(err)
		}
	})
	return own
}

// TestPromise14_ADatabaseThatStopsAndStartsLosesNothing kills the database in the middle of rotations on two nodes, again
// and again. Whoever got an answer finds it kept; whoever got none is told that the database is not there, and goes on by
// presenting the same token.
func TestPromise14_ADatabaseThatStopsAndStartsLosesNothing(t *testing.T) {
	own := ownServer(t)
	url := strings.Replace(own.Database(t), "timeoutMS=60000", "timeoutMS=5000&serverSelectionTimeoutMS=500", 1)
	f := fixtureAt(t, url)
	nodes := []*DB{f.DB, openDB(t, url)}
	const people = 8
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
	defer func() {
		stop.Store(true)
		group.Wait()
	}()
	for range 4 {
		before := answers.Load()
		waitFor(t, "answers", func() bool { return answers.Load() > before+people || t.Failed() })
		f.must(own.Kill())
		down := outages.Load()
		waitFor(t, "the outage to be noticed", func() bool { return outages.Load() > down || t.Failed() })
		f.must(own.Resume())
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

// TestAServerThatIsSilentHoldsNobodyForEver pauses the server: every step is told that it does not answer, and works when
// it goes on.
func TestAServerThatIsSilentHoldsNobodyForEver(t *testing.T) {
	own := ownServer(t)
	f := fixtureAt(t, strings.Replace(own.Database(t), "timeoutMS=60000", "timeoutMS=1500", 1))
	s := f.signIn()
	f.must(own.Pause())
	for name, step := range map[string]func() error{
		"Rotate": func() error { _, _, err := f.Sessions().Rotate(t.Context(), nextOf(s)); return err },
		"Find":   func() error { _, err := f.Sessions().Find(t.Context(), s.User, s.ID); return err },
		"EndAll": func() error { _, err := f.Sessions().EndAll(t.Context(), s.User, s.ID, signOut); return err },
		"Create": func() error { u := somebody(); return f.Users().Create(t.Context(), u, "x") },
		"Ping":   func() error { return f.Ping(t.Context()) },
	} {
		if err := step(); !fault.IsUnavailable(err) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	f.must(own.Continue())
	waitFor(t, "the server to answer", func() bool { return f.Ping(t.Context()) == nil })
	rec, err := f.Sessions().Find(t.Context(), s.User, s.ID)
	f.must(err)
	f.move(rec.Session) // the rotation and EndAll of before may have been made after all
}

var signOut = session.Ending{At: noon, Reason: session.SignedOutElsewhere}

// TestPromise2_ALostAnswerIsNotSeen loses the answers to commands that were made: what may be repeated is, and the rest is
// told as a fault, never as done or not done.
func TestPromise2_ALostAnswerIsNotSeen(t *testing.T) {
	proxy := mongotest.NewProxy(t, server.Address)
	f := fixtureAt(t, server.DatabaseAt(proxy.Address))
	s := f.signIn()
	for range 3 {
		proxy.Lose("findAndModify", 1)
		rec, _, err := f.Sessions().Rotate(t.Context(), nextOf(s))
		f.must(err)
		f.must(continues(s, rec, false))
		s = rec.Session
	}
	proxy.Lose("update", 1)
	again := signedIn(somebody())
	again.User = s.User
	f.must(f.Sessions().Create(t.Context(), again))
	proxy.Lose("insert", 1)
	u := somebody()
	f.must(f.Users().Create(t.Context(), u, "$argon2id$"))
	proxy.Lose("find", 1)
	if _, err := f.Users().Find(t.Context(), u.ID); err != nil {
		t.Error(err)
	}
	if lost := proxy.Lost(); lost != 6 {
		t.Errorf("%d answers were lost, want 6", lost)
	}
	proxy.Lose("update", 1)
	if _, err := f.Sessions().End(t.Context(), s.User, s.ID, signOut); !fault.IsUnavailable(err) {
		t.Errorf("End: error %v", err)
	}
	if _, moved, err := f.Sessions().Rotate(t.Context(), nextOf(s)); err != nil || moved {
		t.Errorf("after an ending of which nobody was told: moved %v, error %v", moved, err)
	}
	proxy.Lose("update", 1)
	if _, err := f.Sessions().EndAll(t.Context(), s.User, uuid.Nil, signOut); !fault.IsUnavailable(err) {
		t.Errorf("EndAll: error %v", err)
	}
	if _, moved, err := f.Sessions().Rotate(t.Context(), nextOf(again)); err != nil || moved {
		t.Errorf("after EndAll of which nobody was told: moved %v, error %v", moved, err)
	}
}
