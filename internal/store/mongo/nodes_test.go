//go:build e2e

package mongo

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/mayfly-auth/mayfly/internal/session"
)

// TestPromise1_TwoNodesMakeOneGeneration presents one token to two nodes many times at the same moment.
func TestPromise1_TwoNodesMakeOneGeneration(t *testing.T) {
	everywhere(t, func(t *testing.T, at place) {
		f := newFixture(t, at)
		nodes := []session.Store{f.Sessions(), openDB(t, f.url).Sessions()}
		s := f.signIn()
		for range 10 {
			var moves atomic.Int64
			var all sync.WaitGroup
			gate := make(chan struct{})
			for i := range 60 {
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
	})
}

// TestNodesThatWorkOnTheSameUsersLoseNothing lets three nodes refresh, sign in, end the others and clean in random order.
// What each was told adds up, and no session that was kept each time is over.
func TestNodesThatWorkOnTheSameUsersLoseNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, at place) {
		f := newFixture(t, at)
		nodes := []*DB{f.DB, openDB(t, f.url), openDB(t, f.url)}
		kept := make([]session.Session, 4)
		moves := make([]atomic.Int64, len(kept))
		for i := range kept {
			kept[i] = f.signIn()
		}
		var group sync.WaitGroup
		for _, db := range nodes {
			for range 4 {
				group.Go(func() {
					for range 25 {
						i := rand.IntN(len(kept))
						if err := work(t, db, kept[i], &moves[i]); err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
		}
		group.Wait()
		for i, s := range kept {
			rec, err := f.Sessions().Find(t.Context(), s.User, s.ID)
			f.must(err)
			if got, want := int64(rec.Generation), 1+moves[i].Load(); got != want {
				t.Errorf("generation %d after %d moves", got, want-1)
			}
			f.move(rec.Session)
			f.wantCounted(s.User)
		}
	})
}

// work makes one step on a user as it comes.
func work(t *testing.T, db *DB, kept session.Session, moves *atomic.Int64) error {
	store := db.Sessions()
	rec, err := store.Find(t.Context(), kept.User, kept.ID)
	if err != nil {
		return err
	}
	switch rand.IntN(4) {
	case 0:
		_, err = store.EndAll(t.Context(), kept.User, kept.ID, session.Ending{At: noon, Reason: session.SignedOutElsewhere})
	case 1:
		err = store.Create(t.Context(), signedIn(rec.Owner))
		if err == session.ErrUserChanged {
			err = nil
		}
	case 2:
		_, _, err = store.Clean(t.Context(), session.CleanBatch{Limit: 100, EndedBefore: noon.AddDate(0, 0, 1), IdleBefore: noon.AddDate(0, 0, -1)})
	default:
		var moved bool
		if _, moved, err = store.Rotate(t.Context(), nextOf(rec.Session)); moved {
			moves.Add(1)
		}
	}
	return err
}

// wantCounted fails the test unless a user's document has as many sessions and revocations as it says.
func (f *fixture) wantCounted(id uuid.UUID) {
	f.Helper()
	var d userDocument
	f.must(bson.Unmarshal(f.document(id), &d))
	young, old := d.revoked(noon.AddDate(-1, 0, 0))
	if int(d.Kept) != len(d.Sessions) || int(d.Revocations) != len(young)+len(old) {
		f.Errorf("%d sessions are counted as %d, %d revocations as %d", len(d.Sessions), d.Kept, len(young)+len(old), d.Revocations)
	}
}

// TestASessionOfAChangedUserIsNotLive changes the user behind the stores' back.
func TestASessionOfAChangedUserIsNotLive(t *testing.T) {
	for name, update := range map[string]bson.D{
		"disabled":         {{Key: "$currentDate", Value: bson.D{{Key: "disabled_at", Value: true}}}},
		"a later epoch":    {{Key: "$inc", Value: bson.D{{Key: "epoch", Value: 1}}}},
		"an earlier epoch": {{Key: "$inc", Value: bson.D{{Key: "epoch", Value: -9}}}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, server)
			s := f.signIn()
			_, err := f.in.users.UpdateOne(t.Context(), bson.D{{Key: "_id", Value: binaryID(s.User)}}, update)
			f.must(err)
			if _, moved, err := f.Sessions().Rotate(t.Context(), nextOf(s)); err != nil || moved {
				t.Errorf("Rotate: moved %v, error %v", moved, err)
			}
			end := session.Ending{At: noon, Reason: session.SignedOut}
			for _, keep := range []uuid.UUID{uuid.Nil, s.ID} {
				if n, err := f.Sessions().EndAll(t.Context(), s.User, keep, end); err != nil || n != 0 {
					t.Errorf("EndAll: ended %d, error %v", n, err)
				}
			}
			rec, err := f.Sessions().Find(t.Context(), s.User, s.ID)
			f.must(err)
			if rec.Epoch != s.Epoch || !rec.EndedAt.IsZero() {
				t.Errorf("the session was touched: epoch %d, ended %v", rec.Epoch, rec.EndedAt)
			}
		})
	}
}
