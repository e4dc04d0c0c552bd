//go:build e2e

package mongo

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/mayfly-auth/mayfly/internal/fault"
	"github.com/mayfly-auth/mayfly/internal/user"
)

// orphan leaves a claim as a node does that dies after it, so long ago.
func (f *fixture) orphan(owner uuid.UUID, i identifier, age time.Duration) {
	f.Helper()
	_, err := f.claim(f.Context(), owner, i)
	f.must(err)
	now, err := f.Clock(f.Context())
	f.must(err)
	_, err = f.in.identifiers.UpdateOne(f.Context(), bson.D{{Key: "_id", Value: i.id()}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "at", Value: now.Add(-age)}}}})
	f.must(err)
}

func emailOf(u user.User) identifier { return identifier{"email", user.Key(u.Email)} }

// wantTaken fails the test unless err names the field.
func wantTaken(t *testing.T, err error, field string) {
	t.Helper()
	var taken *user.TakenError
	if !errors.As(err, &taken) || taken.Field != field {
		t.Fatalf("error %v, want %s taken", err, field)
	}
}

// TestACrashBlocksAnEmailForAMinuteOnly: within it, another node may be about to make the user.
func TestACrashBlocksAnEmailForAMinuteOnly(t *testing.T) {
	everywhere(t, func(t *testing.T, at place) {
		f := newFixture(t, at)
		u := somebody()
		f.orphan(uuid.New(), emailOf(u), claimLife-10*time.Second)
		wantTaken(t, f.Users().Create(t.Context(), u, "x"), "email")
		f.orphan(uuid.New(), emailOf(somebody()), 2*claimLife) // of somebody else
		late := somebody()
		f.orphan(uuid.New(), emailOf(late), claimLife+time.Second)
		f.must(f.Users().Create(t.Context(), late, "x"))
		found, err := f.Users().FindByIdentifier(t.Context(), user.Key(late.Email))
		f.must(err)
		if found.ID != late.ID {
			t.Errorf("found %v", found.ID)
		}
	})
}

// TestAnOrphanedClaimFindsNobody, though its user exists under another name.
func TestAnOrphanedClaimFindsNobody(t *testing.T) {
	f := newFixture(t, server)
	u := f.person()
	f.orphan(u.ID, identifier{"username", "ada"}, 0)
	if _, err := f.Users().FindByIdentifier(t.Context(), "ada"); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("error %v", err)
	}
}

// TestARegistrationThatWasFencedOffMakesNoUser: a node claims an email, is paused, and goes on when somebody else has it.
func TestARegistrationThatWasFencedOffMakesNoUser(t *testing.T) {
	f := newFixture(t, server)
	slow, quick := somebody(), somebody()
	quick.Email = strings.ToUpper(slow.Email)
	f.orphan(slow.ID, emailOf(slow), 2*claimLife)
	f.must(f.Users().Create(t.Context(), quick, "x"))
	d := newUserDocument(slow, "x") // what the slow one sends when it goes on
	_, err := f.in.users.InsertOne(t.Context(), d)
	if err == nil {
		t.Fatal("two users have one email")
	}
	if err := (users{f.DB}).explainDuplicate(t.Context(), &d, err); !fault.IsUnavailable(err) {
		t.Errorf("error %v", err)
	}
	if _, err := f.Users().Find(t.Context(), slow.ID); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("the fenced user: error %v", err)
	}
	people, err := f.Users().List(t.Context(), uuid.Nil, 10)
	f.must(err)
	if len(people) != 1 {
		t.Errorf("%d users", len(people))
	}
}

// TestARenamingThatWasFencedOffChangesNothing: the same, of somebody who is there already.
func TestARenamingThatWasFencedOffChangesNothing(t *testing.T) {
	f := newFixture(t, server)
	slow, quick := f.person(), somebody()
	quick.Username = "ada"
	wanted := identifier{"username", "ada"}
	before, err := f.readUser(t.Context(), slow.ID)
	f.must(err)
	f.orphan(slow.ID, wanted, 2*claimLife)
	f.must(f.Users().Create(t.Context(), quick, "x"))
	name := "ada"
	c := before.apply(user.Change{Username: &name}, noon)
	result, err := f.in.users.UpdateOne(t.Context(),
		bson.D{{Key: "_id", Value: binaryID(slow.ID)}, {Key: "version", Value: before.Version}}, c.update())
	f.must(err)
	if result.MatchedCount != 0 {
		t.Fatal("two users have one username")
	}
	_, err = f.Users().Update(t.Context(), slow.ID, user.Change{Username: &name}, noon)
	wantTaken(t, err, "username")
}

// TestManyNodesWantOneOrphanedEmail: one gets it.
func TestManyNodesWantOneOrphanedEmail(t *testing.T) {
	everywhere(t, func(t *testing.T, at place) {
		f := newFixture(t, at)
		nodes := []*DB{f.DB, openDB(t, f.url)}
		for range 4 {
			email := somebody().Email
			f.orphan(uuid.New(), identifier{"email", user.Key(email)}, 2*claimLife)
			var made atomic.Int64
			var group sync.WaitGroup
			for i := range 12 {
				group.Go(func() {
					u := somebody()
					u.Email = email
					err := nodes[i%2].Users().Create(t.Context(), u, "x")
					var taken *user.TakenError
					if err == nil {
						made.Add(1)
					} else if !errors.As(err, &taken) {
						t.Error(err)
					}
				})
			}
			group.Wait()
			if made.Load() != 1 {
				t.Fatalf("%d users have one email", made.Load())
			}
		}
	})
}

// TestNamesThatGoToAndFroAreNeverTwoUsers lets users take and give up a few names on two nodes, and asks at the end who has
// which.
func TestNamesThatGoToAndFroAreNeverTwoUsers(t *testing.T) {
	everywhere(t, func(t *testing.T, at place) {
		f := newFixture(t, at)
		nodes := []*DB{f.DB, openDB(t, f.url)}
		people := []user.User{f.person(), f.person(), f.person()}
		names := []string{"ada", "bob", ""}
		var group sync.WaitGroup
		for i := range 6 {
			group.Go(func() {
				for round := range 15 {
					name := names[(i+round)%len(names)]
					_, err := nodes[i%2].Users().Update(t.Context(), people[i%3].ID, user.Change{Username: &name}, noon)
					var taken *user.TakenError
					if err != nil && !errors.As(err, &taken) {
						t.Error(err)
						return
					}
				}
			})
		}
		group.Wait()
		owners := map[string]int{}
		for _, u := range people {
			now, err := f.Users().Find(t.Context(), u.ID)
			f.must(err)
			owners[now.Username]++
			if now.Username == "" {
				continue
			}
			if found, err := f.Users().FindByIdentifier(t.Context(), now.Username); err != nil || found.ID != u.ID {
				t.Errorf("%q is found as %v, error %v", now.Username, found.ID, err)
			}
		}
		if owners["ada"] > 1 || owners["bob"] > 1 {
			t.Errorf("owners %v", owners)
		}
		for _, name := range []string{"ada", "bob"} { // nothing is blocked by what was left over
			for _, u := range people {
				none := ""
				_, err := f.Users().Update(t.Context(), u.ID, user.Change{Username: &none}, noon)
				f.must(err)
			}
			_, err := f.Users().Update(t.Context(), people[0].ID, user.Change{Username: &name}, noon)
			f.must(err)
		}
	})
}
