//go:build e2e

package mongo

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/mayfly-auth/mayfly/internal/credential"
	"github.com/mayfly-auth/mayfly/internal/session"
)

// TestARefreshIsOneCommand counts what is sent for a rotation, and for one that moves nothing: that one must read too.
func TestARefreshIsOneCommand(t *testing.T) {
	everywhere(t, func(t *testing.T, at place) {
		f := newFixture(t, at)
		s := f.move(f.signIn())
		within := nextOf(s)
		within.RotatedBefore = s.RotatedAt
		dead := nextOf(s)
		dead.Session = uuid.New()
		for _, c := range []struct {
			name     string
			rotation session.Rotation
			moves    bool
			want     []string
		}{
			{"within the window", within, false, []string{"findAndModify", "find"}},
			{"a dead token", dead, false, []string{"findAndModify", "find"}},
			{"the usual case", nextOf(s), true, []string{"findAndModify"}},
		} {
			f.told.take()
			_, moved, err := f.Sessions().Rotate(t.Context(), c.rotation)
			if moved != c.moves || (err != nil) != (c.name == "a dead token") {
				t.Errorf("%s: moved %v, error %v", c.name, moved, err)
			}
			var names []string
			for _, one := range f.told.take() {
				names = append(names, one.name)
			}
			if !slices.Equal(names, c.want) {
				t.Errorf("%s: sent %v, want %v", c.name, names, c.want)
			}
		}
	})
}

// TestEveryHotCommandNamesTheUser: a cluster that is sharded by _id sends each of them to one shard.
func TestEveryHotCommandNamesTheUser(t *testing.T) {
	f := newFixture(t, server)
	s := f.signIn()
	f.told.take()
	s = f.move(s)
	other := s
	other.ID = uuid.Must(uuid.NewV7())
	_, finding := f.Sessions().Find(t.Context(), s.User, s.ID)
	_, listing := f.Sessions().List(t.Context(), s.User)
	creating := f.Sessions().Create(t.Context(), other)
	_, ending := f.Sessions().End(t.Context(), s.User, s.ID, session.Ending{At: noon, Reason: session.SignedOut})
	_, _, dead := f.Sessions().Rotate(t.Context(), nextOf(s))
	_, endingAll := f.Sessions().EndAll(t.Context(), s.User, uuid.Nil, session.Ending{At: noon, Reason: session.SignedOut})
	_, hashing := f.Credentials().PasswordHash(t.Context(), s.User)
	replacing := f.Credentials().ReplacePassword(t.Context(), credential.Replacement{
		User: s.User, OldHash: "$argon2id$", NewHash: "$new$", EndSessions: true, At: noon,
	})
	_, user := f.Users().Find(t.Context(), s.User)
	disabling := f.Users().Disable(t.Context(), s.User, true, noon)
	if err := errors.Join(finding, listing, creating, ending, dead, endingAll, hashing, replacing, user, disabling); err != nil {
		t.Fatal(err)
	}
	all := f.told.take()
	if len(all) < 12 {
		t.Fatalf("%d commands were sent", len(all))
	}
	for _, one := range all {
		if _, id, ok := filterOf(one).Lookup("_id").BinaryOK(); !ok || !bytes.Equal(id, s.User[:]) {
			t.Errorf("%s does not name the user: %v", one.name, one.command)
		}
	}
}

// filterOf returns the filter of a command.
func filterOf(one sent) bson.Raw {
	for _, path := range [][]string{{"filter"}, {"query"}, {"updates", "0", "q"}, {"deletes", "0", "q"}} {
		if filter, ok := one.command.Lookup(path...).DocumentOK(); ok {
			return filter
		}
	}
	return nil
}

// TestPromise14_TheTenThousandthRotationCostsWhatTheFirstDid compares commands, their size, and the size of the document.
func TestPromise14_TheTenThousandthRotationCostsWhatTheFirstDid(t *testing.T) {
	everywhere(t, func(t *testing.T, at place) {
		f := newFixture(t, at)
		s := f.move(f.signIn())
		measured := func() (commands, bytes, document int) {
			f.told.take()
			s = f.move(s)
			for _, one := range f.told.take() {
				commands++
				bytes += len(one.command)
			}
			return commands, bytes, len(f.document(s.User))
		}
		commandsFirst, bytesFirst, documentFirst := measured()
		for s.Generation < 10_000 {
			s = f.move(s)
			f.told.take()
		}
		commandsLast, bytesLast, documentLast := measured()
		if commandsLast != commandsFirst || bytesLast != bytesFirst || documentLast != documentFirst {
			t.Errorf("first %d commands of %d bytes, a document of %d; last %d of %d, %d",
				commandsFirst, bytesFirst, documentFirst, commandsLast, bytesLast, documentLast)
		}
	})
}

// TestNoIndexCoversWhatARefreshChanges, or every refresh would write into it too.
func TestNoIndexCoversWhatARefreshChanges(t *testing.T) {
	f := newFixture(t, server)
	s := f.signIn()
	f.told.take()
	f.move(s)
	changed, err := f.told.take()[0].command.Lookup("update", "$set").Document().Elements()
	f.must(err)
	if len(changed) != 3 {
		t.Errorf("a refresh changes %d fields", len(changed))
	}
	indexes, err := f.in.users.Indexes().ListSpecifications(t.Context())
	f.must(err)
	if len(indexes) < 2 {
		t.Fatalf("%d indexes", len(indexes))
	}
	for _, index := range indexes {
		keys, err := index.KeysDocument.Elements()
		f.must(err)
		for _, key := range keys {
			for _, field := range changed {
				if key.Key() == field.Key() || key.Key() == "sessions" {
					t.Errorf("index %s covers %s", index.Name, field.Key())
				}
			}
		}
	}
}
