//go:build e2e

package mongo

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"

	"github.com/mayfly-auth/mayfly/internal/fault"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/user"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// fixture is an open database that tells what is sent to it.
type fixture struct {
	*testing.T
	*DB
	url  string
	told *commands
}

func newFixture(t *testing.T, at place) *fixture { return fixtureAt(t, at.Database(t)) }

func fixtureAt(t *testing.T, url string) *fixture {
	t.Helper()
	f := &fixture{T: t, url: url, told: &commands{}}
	var err error
	if f.DB, err = Open(t.Context(), Options{URL: url, Monitor: &event.CommandMonitor{Started: f.told.note}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// must ends the test on an error.
func (f *fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

// person stores a user.
func (f *fixture) person() user.User {
	f.Helper()
	u := somebody()
	f.must(f.Users().Create(f.Context(), u, "$argon2id$"))
	return u
}

// signIn stores a person and a session.
func (f *fixture) signIn() session.Session {
	f.Helper()
	s := signedIn(f.person())
	f.must(f.Sessions().Create(f.Context(), s))
	return s
}

// move rotates a session that must move.
func (f *fixture) move(s session.Session) session.Session {
	f.Helper()
	rec, moved, err := f.Sessions().Rotate(f.Context(), nextOf(s))
	if err != nil || !moved {
		f.Fatalf("moved %v, error %v", moved, err)
	}
	return rec.Session
}

// document returns what is stored of a user, whatever it is.
func (f *fixture) document(id uuid.UUID) bson.Raw {
	f.Helper()
	raw, err := f.in.users.FindOne(f.Context(), bson.D{{Key: "_id", Value: binaryID(id)}}).Raw()
	f.must(err)
	return raw
}

// somebody returns a user, signedIn a session of theirs, nextOf its next rotation.
func somebody() user.User {
	id := uuid.Must(uuid.NewV7())
	return user.User{ID: id, Email: id.String() + "@example.org", Name: "A Person", Roles: []string{"reader"}}
}

func signedIn(u user.User) session.Session {
	return session.Session{
		User: u.ID, ID: uuid.Must(uuid.NewV7()), Epoch: u.Epoch,
		Lineage:  session.Lineage{Generation: 1, RotatedAt: noon},
		Delivery: session.Cookie, AMR: []string{"pwd"},
		Device:    session.Device{UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"},
		CreatedAt: noon, ExpiresAt: noon.AddDate(10, 0, 0),
	}
}

func nextOf(s session.Session) session.Rotation {
	return session.Rotation{
		User: s.User, Session: s.ID, Generation: s.Generation,
		RotatedBefore: noon.AddDate(1, 0, 0), RotatedAfter: noon.AddDate(-1, 0, 0), Now: noon,
		Next: session.Lineage{Generation: s.Generation + 1, Parent: s.Generation, RotatedAt: noon},
	}
}

// commands keeps what was sent.
type commands struct {
	mu   sync.Mutex
	sent []sent
}

type sent struct {
	name    string
	command bson.Raw
}

func (c *commands) note(_ context.Context, e *event.CommandStartedEvent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = append(c.sent, sent{e.CommandName, append(bson.Raw{}, e.Command...)})
}

// take returns what was sent since it was last asked.
func (c *commands) take() []sent {
	c.mu.Lock()
	defer c.mu.Unlock()
	taken := c.sent
	c.sent = nil
	return taken
}

// wantFix fails the test unless err is a fault whose fix holds the words.
func wantFix(t *testing.T, err error, words string) {
	t.Helper()
	var unavailable *fault.Unavailable
	if !errors.As(err, &unavailable) {
		t.Fatalf("error %v is no fault", err)
	}
	if !strings.Contains(unavailable.Fix, words) {
		t.Fatalf("the fix of %v is not about %q", err, words)
	}
}

// waitFor returns when the condition holds. The guard is against hanging and judges nothing.
func waitFor(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited too long for %s", what)
		}
	}
}
