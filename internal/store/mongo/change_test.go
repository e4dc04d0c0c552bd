//go:build e2e

package mongo

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/session"
)

// TestPromise12_AnEndingSeesTheSignInThatCameBetween lets somebody sign in after the ending has read the user and before
// it writes: it begins again. A refresh that comes between is neither lost nor in the way.
func TestPromise12_AnEndingSeesTheSignInThatCameBetween(t *testing.T) {
	everywhere(t, func(t *testing.T, at place) {
		f := newFixture(t, at)
		kept := f.signIn()
		between := signedIn(somebody())
		between.User = kept.User
		tries := 0
		f.must(f.changeUser(t.Context(), kept.User, func(_ context.Context, d *userDocument) (*change, error) {
			if tries++; tries == 1 {
				f.must(f.Sessions().Create(t.Context(), between))
			} else {
				kept = f.move(kept)
			}
			var c change
			c.endLive(d, kept.ID, signOut)
			return &c, nil
		}))
		if tries != 2 {
			t.Errorf("decided %d times, want 2", tries)
		}
		rec, err := f.Sessions().Find(t.Context(), between.User, between.ID)
		f.must(err)
		if rec.EndReason != session.SignedOutElsewhere {
			t.Errorf("the one that came between ended because %q", rec.EndReason)
		}
		rec, err = f.Sessions().Find(t.Context(), kept.User, kept.ID)
		f.must(err)
		if rec.Generation != kept.Generation {
			t.Errorf("generation %d, was %d", rec.Generation, kept.Generation)
		}
		f.move(rec.Session)
		if n, err := f.Sessions().EndAll(t.Context(), kept.User, uuid.Nil, signOut); err != nil || n != 1 {
			t.Errorf("ended %d, error %v", n, err)
		}
	})
}
