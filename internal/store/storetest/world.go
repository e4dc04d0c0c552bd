package storetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/user"
)

// start is when every case begins. It has milliseconds and no more, as stored times do.
var start = time.Date(2026, 3, 1, 12, 0, 0, 123_000_000, time.UTC)

const ms = time.Millisecond

// world is an empty database and what a case does to it.
type world struct {
	*testing.T
	Stores
}

// must ends the case on an error.
func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// wantError ends the case unless err is the sentinel.
func (w *world) wantError(err, want error) {
	w.Helper()
	if !errors.Is(err, want) {
		w.Fatalf("error %v, want %v", err, want)
	}
}

// same compares two values, times by moment and metadata by meaning.
func (w *world) same(what string, got, want any) {
	w.Helper()
	if got, want := normal(got), normal(want); !reflect.DeepEqual(got, want) {
		w.Fatalf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

// anyone returns a user that is not stored yet.
func anyone() user.User {
	id := uuid.Must(uuid.NewV7())
	return user.User{
		ID:        id,
		Email:     fmt.Sprintf("Person-%s@example.org", id),
		Name:      "Ada Lovelace",
		Roles:     []string{"reader"},
		Epoch:     3,
		CreatedAt: start,
		UpdatedAt: start,
	}
}

// person stores a user.
func (w *world) person() user.User {
	w.Helper()
	u := anyone()
	w.must(w.Users.Create(w.Context(), u, hashOf(u)))
	return u
}

// hashOf is the hash of a person's first password.
func hashOf(u user.User) string { return "$argon2id$" + u.ID.String() }

// device returns a session of u that is not stored yet: signed in at start, rotated never.
func device(u user.User) session.Session {
	s := session.Session{
		User:      u.ID,
		ID:        uuid.Must(uuid.NewV7()),
		Lineage:   session.Lineage{Generation: 1, Parent: 0, RotatedAt: start},
		Epoch:     u.Epoch,
		Delivery:  session.Cookie,
		AMR:       []string{"pwd"},
		Device:    session.Device{UserAgent: "curl/8.5.0", Address: netip.MustParseAddr("192.0.2.7")},
		CreatedAt: start,
		ExpiresAt: start.Add(90 * 24 * time.Hour),
	}
	for i := range s.Seed {
		s.Seed[i] = byte(rand.IntN(256))
	}
	return s
}

// signIn stores a session.
func (w *world) signIn(u user.User) session.Session {
	w.Helper()
	s := device(u)
	w.must(w.Sessions.Create(w.Context(), s))
	return s
}

// rotation is the step that moves s an hour after its last one, every condition met.
func rotation(s session.Session) session.Rotation {
	now := s.RotatedAt.Add(time.Hour)
	return session.Rotation{
		User: s.User, Session: s.ID,
		Generation:    s.Generation,
		RotatedBefore: now.Add(-30 * time.Second),
		RotatedAfter:  now.Add(-30 * 24 * time.Hour),
		Now:           now,
		Next:          session.Lineage{Generation: s.Generation + 1, Parent: s.Generation, RotatedAt: now},
	}
}

// find returns a session that must be there.
func (w *world) find(s session.Session) session.Record {
	w.Helper()
	rec, err := w.Sessions.Find(w.Context(), s.User, s.ID)
	w.must(err)
	return rec
}

// owner returns a user that must be there.
func (w *world) owner(id uuid.UUID) user.User {
	w.Helper()
	u, err := w.Users.Find(w.Context(), id)
	w.must(err)
	return u
}

// goesOn fails the case unless the session can be rotated.
func (w *world) goesOn(s session.Session) {
	w.Helper()
	if _, moved, err := w.Sessions.Rotate(w.Context(), rotation(w.find(s).Session)); err != nil || !moved {
		w.Fatalf("a live session did not rotate: moved %v, error %v", moved, err)
	}
}

// isOver fails the case if the session can still be rotated, by whatever generation it holds.
func (w *world) isOver(s session.Session) {
	w.Helper()
	rec, err := w.Sessions.Find(w.Context(), s.User, s.ID)
	if errors.Is(err, session.ErrNotFound) {
		rec.Session = s
	} else {
		w.must(err)
	}
	_, moved, err := w.Sessions.Rotate(w.Context(), rotation(rec.Session))
	if err != nil && !errors.Is(err, session.ErrNotFound) {
		w.Fatal(err)
	}
	if moved {
		w.Fatal("a session that is over was rotated")
	}
}

// wantEnded fails the case unless the session ended so.
func (w *world) wantEnded(s session.Session, at time.Time, reason session.Reason) {
	w.Helper()
	got := w.find(s)
	if !got.EndedAt.Equal(at) || got.EndReason != reason {
		w.Fatalf("ended at %v because %q, want %v because %q", got.EndedAt, got.EndReason, at, reason)
	}
	w.isOver(s)
}

// together runs f in n goroutines that start at the same moment and returns how many of them said true.
func together(n int, f func(i int) bool) (winners int) {
	var ready, done sync.WaitGroup
	var mu sync.Mutex
	gate := make(chan struct{})
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			<-gate
			if f(i) {
				mu.Lock()
				winners++
				mu.Unlock()
			}
		})
	}
	ready.Wait()
	close(gate)
	done.Wait()
	return winners
}

// normal rewrites what may differ between two equal values: the zone of times and the spelling of JSON.
func normal(v any) any {
	switch v := v.(type) {
	case user.User:
		v.CreatedAt, v.UpdatedAt, v.DisabledAt = v.CreatedAt.UTC(), v.UpdatedAt.UTC(), v.DisabledAt.UTC()
		v.Metadata = normalJSON(v.Metadata)
		return v
	case session.Session:
		v.RotatedAt, v.CreatedAt = v.RotatedAt.UTC(), v.CreatedAt.UTC()
		v.ExpiresAt, v.EndedAt = v.ExpiresAt.UTC(), v.EndedAt.UTC()
		return v
	case session.Record:
		v.Session, v.Owner = normal(v.Session).(session.Session), normal(v.Owner).(user.User)
		return v
	}
	return v
}

func normalJSON(raw json.RawMessage) json.RawMessage {
	if raw == nil {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return json.RawMessage("not JSON: " + string(raw))
	}
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v)
	return json.RawMessage(b.String())
}
