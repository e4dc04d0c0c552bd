package sqlite

import (
	"testing"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/session"
)

// TestASessionOfAChangedUserIsNotLive changes the user behind the stores' back. Every step that disables or raises an
// epoch ends the sessions too; this shows that the user alone would be enough.
func TestASessionOfAChangedUserIsNotLive(t *testing.T) {
	for name, statement := range map[string]string{
		"disabled":         "UPDATE users SET disabled_at = 1 WHERE id = ?",
		"a later epoch":    "UPDATE users SET epoch = epoch + 1 WHERE id = ?",
		"an earlier epoch": "UPDATE users SET epoch = epoch - 9 WHERE id = ?",
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			u := somebody()
			if err := f.Users().Create(t.Context(), u, ""); err != nil {
				t.Fatal(err)
			}
			s := signedIn(u)
			if err := f.Sessions().Create(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			f.write(statement, u.ID[:])
			end := session.Ending{At: noon, Reason: session.SignedOut}
			if _, moved, err := f.Sessions().Rotate(t.Context(), nextOf(s)); err != nil || moved {
				t.Errorf("Rotate: moved %v, error %v", moved, err)
			}
			if ended, err := f.Sessions().End(t.Context(), u.ID, s.ID, end); err != nil || ended {
				t.Errorf("End: ended %v, error %v", ended, err)
			}
			if n, err := f.Sessions().EndAll(t.Context(), u.ID, uuid.Nil, end); err != nil || n != 0 {
				t.Errorf("EndAll: ended %d, error %v", n, err)
			}
			if _, err := f.Sessions().EndAll(t.Context(), u.ID, s.ID, end); err != nil {
				t.Error(err)
			}
			rec, err := f.Sessions().Find(t.Context(), u.ID, s.ID)
			if err != nil {
				t.Fatal(err)
			}
			if rec.Epoch != s.Epoch || rec.Lineage != s.Lineage || !rec.EndedAt.IsZero() {
				t.Errorf("the session was touched: %+v", rec.Session)
			}
		})
	}
}
