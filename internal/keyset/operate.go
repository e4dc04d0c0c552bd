package keyset

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mayfly-auth/mayfly/internal/jws"
)

// Key is a signing key as an operator sees it.
type Key struct {
	ID        string
	Algorithm jws.Algorithm
	State     State
	CreatedAt time.Time
	SignsAt   time.Time
	RetiresAt time.Time // when its last token has died; zero while no other key is to take over
	RevokedAt time.Time // zero unless it was revoked
}

// List returns all keys, those too that no longer sign, ordered by SignsAt. It needs no secret and changes nothing.
func (s *Set) List(ctx context.Context) ([]Key, error) {
	stored, err := s.config.Store.List(ctx)
	if err != nil {
		return nil, fmt.Errorf("list signing keys: %w", err)
	}
	now := s.now()
	keys := make([]Key, len(stored))
	for i := range stored {
		keys[i] = s.describe(stored, i, now)
	}
	return keys, nil
}

func (s *Set) describe(keys []StoredKey, i int, now time.Time) Key {
	k := keys[i]
	return Key{
		ID: k.ID, Algorithm: jws.Algorithm(k.Algorithm), State: state(keys, i, s.config.KeepFor, now),
		CreatedAt: k.CreatedAt, SignsAt: k.SignsAt, RetiresAt: retiresAt(keys, i, s.config.KeepFor), RevokedAt: k.RevokedAt,
	}
}

// Rotate adds a key, which signs once it has been published for PublishFor, and returns it. If another node adds one at
// the same moment, it is that one: two people who rotate together want one rotation.
func (s *Set) Rotate(ctx context.Context) (Key, error) {
	s.loading.Lock()
	defer s.loading.Unlock()
	if len(s.config.Secrets) == 0 {
		return Key{}, errors.New("rotate signing key: no secret given to seal it with")
	}
	keys, err := s.config.Store.List(ctx)
	if err != nil {
		return Key{}, fmt.Errorf("rotate signing key: %w", err)
	}
	now := s.now()
	signsAt := now.Add(s.config.PublishFor)
	if n := newest(keys); n < 0 {
		signsAt = now
	} else if !signsAt.After(keys[n].SignsAt) {
		signsAt = keys[n].SignsAt.Add(time.Millisecond) // after whatever is under way, or it would never sign
	}
	added, err := s.add(ctx, keys, signsAt)
	if err != nil && !errors.Is(err, ErrConflict) {
		return Key{}, fmt.Errorf("rotate signing key: %w", err)
	}
	if keys, err = s.config.Store.List(ctx); err != nil {
		return Key{}, fmt.Errorf("rotate signing key: %w", err)
	}
	index := newest(keys)
	for i := range keys {
		if keys[i].ID == added.ID {
			index = i
		}
	}
	if index < 0 {
		return Key{}, fmt.Errorf("rotate signing key: %w", ErrConflict)
	}
	return s.describe(keys, index, now), s.load(ctx)
}

// Revoke declares a key compromised. This node refuses its tokens at once, the others from their next Load, verifiers
// when their copy of the published keys ends. If it was the key that signs, a fresh one signs in its place at once.
// ErrNotFound.
func (s *Set) Revoke(ctx context.Context, kid string) error {
	s.loading.Lock()
	defer s.loading.Unlock()
	keys, err := s.config.Store.List(ctx)
	if err != nil {
		return fmt.Errorf("revoke signing key: %w", err)
	}
	now := s.now()
	signs := signer(keys, now)
	if err := s.config.Store.Revoke(ctx, kid, now); err != nil {
		return fmt.Errorf("revoke signing key: %w", err)
	}
	if signs >= 0 && keys[signs].ID == kid {
		// A lost race means that another node has just added a key. Then, or should this node die right here, signer
		// takes one that is left, and load makes one if none is.
		if _, err := s.add(ctx, keys, now); err != nil && !errors.Is(err, ErrConflict) {
			return errors.Join(fmt.Errorf("revoke signing key: it is revoked, but no fresh one could be added: %w", err), s.load(ctx))
		}
	}
	return s.load(ctx)
}
