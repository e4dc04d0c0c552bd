package keyset_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/internal/keyset"
)

func TestRotatingTwiceKeepsTheOrder(t *testing.T) {
	w := newWorld(t)
	w.now = w.now.Add(300 * time.Microsecond) // finer than the store keeps: both fall into one of its milliseconds
	s := w.loaded(func(c *keyset.Config) { c.RotateEvery = 0 })
	first, err := s.Rotate(t.Context())
	w.must(err)
	second, err := s.Rotate(t.Context())
	w.must(err)
	if first.State != keyset.Published || !first.SignsAt.Equal(w.now.Truncate(time.Millisecond).Add(publishFor)) || !second.SignsAt.After(first.SignsAt) {
		t.Errorf("got %+v, then %+v", first, second)
	}
	if ids := w.published(s); len(ids) != 3 {
		t.Errorf("%d keys are published", len(ids))
	}
	w.now = second.SignsAt
	if w.signing(s) != second.ID {
		t.Error("the second rotation does not come last")
	}
}

func TestRotatingAnEmptySetMakesTheFirstKey(t *testing.T) {
	w := newWorld(t)
	s := w.node(nil)
	k, err := s.Rotate(t.Context())
	w.must(err)
	if k.State != keyset.Signing || w.signing(s) != k.ID || len(w.states(s)) != 1 {
		t.Errorf("got %+v", k)
	}
}

func TestARevokedKeyIsOutOnTheNextLoad(t *testing.T) {
	w := newWorld(t)
	s, other := w.loaded(nil), w.loaded(nil)
	first := w.signing(s)
	w.now = w.now.Add(time.Minute)
	w.must(s.Revoke(t.Context(), first))
	fresh := w.signing(s)
	if _, ok := s.Lookup(first); ok || fresh == first || slices.Contains(w.published(s), first) {
		t.Error("the revoked key is still in use")
	}
	if w.signing(other) != first {
		t.Error("another node has heard of it before its Load")
	}
	w.must(other.Load(t.Context()))
	if _, ok := other.Lookup(first); ok || w.signing(other) != fresh {
		t.Error("another node still uses the revoked key after its Load")
	}
	if got := w.states(s); !slices.Equal(got, []keyset.State{keyset.Revoked, keyset.Signing}) {
		t.Errorf("the keys are %v", got)
	}
	if err := s.Revoke(t.Context(), "nobody"); !errors.Is(err, keyset.ErrNotFound) {
		t.Errorf("an unknown key: %v, want ErrNotFound", err)
	}
	// Twice is once, and the key in use stays.
	w.must(s.Revoke(t.Context(), first))
	if w.signing(s) != fresh || len(w.states(s)) != 2 {
		t.Error("revoking again made another key")
	}
}

// Neither the key before, whose time is over, nor the next, which nobody may know yet, takes the place of a stolen one.
func TestAFreshKeyTakesThePlaceOfTheRevokedOne(t *testing.T) {
	w := newWorld(t)
	s := w.loaded(func(c *keyset.Config) { c.RotateEvery = 0 })
	first := w.signing(s)
	second, err := s.Rotate(t.Context())
	w.must(err)
	w.now = second.SignsAt.Add(time.Minute)
	third, err := s.Rotate(t.Context())
	w.must(err)
	w.must(s.Revoke(t.Context(), second.ID))
	if id := w.signing(s); id == first || id == second.ID || id == third.ID {
		t.Errorf("an old key signs")
	}
	want := []keyset.State{keyset.Retiring, keyset.Revoked, keyset.Signing, keyset.Published}
	if got := w.states(s); !slices.Equal(got, want) {
		t.Errorf("the keys are %v, want %v", got, want)
	}
}

func TestRevokingAKeyThatDoesNotSignAddsNone(t *testing.T) {
	w := newWorld(t)
	s := w.loaded(func(c *keyset.Config) { c.RotateEvery = 0 })
	first := w.signing(s)
	next, err := s.Rotate(t.Context())
	w.must(err)
	w.must(s.Revoke(t.Context(), next.ID))
	if w.signing(s) != first || len(w.states(s)) != 2 {
		t.Errorf("the keys are %v", w.states(s))
	}
}
