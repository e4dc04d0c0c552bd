//go:build e2e

package mongo

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/session"
)

// small is a crowd that is made quickly.
var small = crowd{kept: 30, live: 20, room: 5}

// TestAFloodOfSignInsDoesNotFillTheDocument: a program that signs in for every request keeps its newest sessions, and the
// one that is used. Those that had to go are told as revoked.
func TestAFloodOfSignInsDoesNotFillTheDocument(t *testing.T) {
	everywhere(t, func(t *testing.T, at place) {
		f := newFixture(t, at)
		f.crowd = small
		u := f.person()
		used := signedIn(u)
		used.RotatedAt = noon.Add(time.Hour)
		f.must(f.Sessions().Create(t.Context(), used))
		var all []session.Session
		for i := range small.kept + 2*small.room {
			s := signedIn(u)
			s.CreatedAt = noon.Add(time.Duration(i) * time.Second)
			s.RotatedAt = s.CreatedAt
			f.must(f.Sessions().Create(t.Context(), s))
			all = append(all, s)
		}
		list, err := f.Sessions().List(t.Context(), u.ID)
		f.must(err)
		live := map[uuid.UUID]bool{}
		for _, s := range list {
			if s.EndedAt.IsZero() {
				live[s.ID] = true
			} else if s.EndReason != session.Replaced {
				t.Errorf("one ended because %q", s.EndReason)
			}
		}
		if len(list) > small.kept || len(live) < small.live || !live[used.ID] {
			t.Fatalf("%d sessions, %d of them live, the used one: %v", len(list), len(live), live[used.ID])
		}
		for i, s := range all {
			if newest := i >= len(all)-small.live+1; newest && !live[s.ID] {
				t.Fatalf("session %d of %d is over", i, len(all))
			}
		}
		seen, err := f.Revocations().Recent(t.Context(), time.Hour, 10_000)
		f.must(err)
		if over := len(all) + 1 - len(live); len(seen.Revocations) != over {
			t.Errorf("%d were ended, %d are told as revoked", over, len(seen.Revocations))
		}
		f.wantCounted(u.ID)
		f.move(used)
	})
}

// TestEndedSessionsMakeRoomFirst: nobody is signed out for somebody's old ones.
func TestEndedSessionsMakeRoomFirst(t *testing.T) {
	f := newFixture(t, server)
	f.crowd = small
	u := f.person()
	live := signedIn(u)
	f.must(f.Sessions().Create(t.Context(), live))
	for range small.kept + small.room {
		s := signedIn(u)
		f.must(f.Sessions().Create(t.Context(), s))
		_, err := f.Sessions().End(t.Context(), u.ID, s.ID, signOut)
		f.must(err)
	}
	list, err := f.Sessions().List(t.Context(), u.ID)
	f.must(err)
	if len(list) > small.kept {
		t.Errorf("%d sessions are kept", len(list))
	}
	f.wantCounted(u.ID)
	f.move(live)
}
