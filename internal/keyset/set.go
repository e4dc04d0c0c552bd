package keyset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mayfly-auth/mayfly/internal/jws"
	"github.com/mayfly-auth/mayfly/internal/secret"
)

// DefaultRotateEvery is how long a key signs where nothing else is said.
const DefaultRotateEvery = 90 * 24 * time.Hour

// ErrNotLoaded says that Load has not succeeded yet.
var ErrNotLoaded = errors.New("keyset: no signing key is loaded")

// Config says where keys are kept and how they are replaced.
type Config struct {
	Store Store
	// Secrets are the keys that secret.List.Derive(SealPurpose) gives: the first seals, all of them open.
	Secrets []secret.Key
	// Algorithm of new keys; empty means ES256. A change is a rotation: the old key signs until the new one was
	// published for long enough. HS256 has no key set, see NewShared.
	Algorithm jws.Algorithm
	// RotateEvery is how long a key signs; zero means until somebody rotates or revokes it.
	RotateEvery time.Duration
	// PublishFor is how long a new key is published before it signs. It must be longer than verifiers cache the
	// published keys, and than the time between two calls of Load on any node.
	PublishFor time.Duration
	// KeepFor is how long a key is kept after the next one began to sign: the longest life of a token and the leeway
	// that verifiers give.
	KeepFor time.Duration
	Now     func() time.Time // nil means time.Now
}

// Set is the signing keys of a server. Signing, Lookup and JWKS answer from memory and never block; the other methods
// talk to the store. It is safe for use by many goroutines.
type Set struct {
	config  Config
	loading sync.Mutex // one step with the store at a time, so that an older answer never replaces a newer one
	current atomic.Pointer[snapshot]
}

// snapshot is what the last Load found. It is never changed.
type snapshot struct {
	stored  []StoredKey // those that are usable, ordered
	private []*jws.PrivateKey
	public  map[string]*jws.PublicKey
	jwks    []byte
}

// New returns an empty set; call Load before use.
func New(c Config) *Set {
	if c.Algorithm == "" {
		c.Algorithm = jws.ES256
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.PublishFor, c.KeepFor = max(c.PublishFor, 0), max(c.KeepFor, 0)
	return &Set{config: c}
}

// now is as precise as the store is, so that what was written compares equal to what comes back.
func (s *Set) now() time.Time { return s.config.Now().Truncate(time.Millisecond) }

// Signing returns the key that signs now. ErrNotLoaded.
func (s *Set) Signing() (*jws.PrivateKey, error) {
	snap := s.current.Load()
	if snap == nil {
		return nil, ErrNotLoaded
	}
	return snap.private[signer(snap.stored, s.config.Now())], nil
}

// Lookup returns the public key with this id, unless it is unknown, retired or revoked.
func (s *Set) Lookup(kid string) (*jws.PublicKey, bool) {
	snap := s.current.Load()
	if snap == nil {
		return nil, false
	}
	k, ok := snap.public[kid]
	return k, ok
}

// emptyJWKS is a set of no keys.
const emptyJWKS = `{"keys":[]}`

// JWKS returns the public keys that verifiers need, now or soon, as a JWK Set. It is read-only.
func (s *Set) JWKS() []byte {
	if snap := s.current.Load(); snap != nil {
		return snap.jwks
	}
	return []byte(emptyJWKS)
}

// Load reads the keys and does what is due: it adds the first key or the next one, seals anew what was sealed with an
// older secret, and deletes what has retired. Call it at start and then more often than PublishFor.
//
// After an error the keys stay as they were, or are new as far as they could be read: a database that fails for an hour
// keeps nobody from signing. ErrSecret says that a secret is missing.
func (s *Set) Load(ctx context.Context) error {
	s.loading.Lock()
	defer s.loading.Unlock()
	return s.load(ctx)
}

func (s *Set) load(ctx context.Context) error {
	if len(s.config.Secrets) == 0 {
		return errors.New("load signing keys: no secret given to open them with")
	}
	keys, errAdd := s.addDue(ctx)
	if newest(keys) < 0 {
		return errAdd
	}
	now := s.now()
	snap, resealed, err := s.open(keys, now)
	if err != nil {
		return errors.Join(fmt.Errorf("load signing keys: %w", err), errAdd)
	}
	s.current.Store(snap)
	return errors.Join(errAdd, s.tidy(ctx, keys, resealed, now))
}

// maxRaces bounds how often a race for Add may be lost in a row. Each one lost means that another node has added a key,
// after which nothing is due.
const maxRaces = 5

// addDue lists the keys, after it added the one that is due. The list is good even if there is an error beside it.
func (s *Set) addDue(ctx context.Context) ([]StoredKey, error) {
	for range maxRaces {
		keys, err := s.config.Store.List(ctx)
		if err != nil {
			return nil, fmt.Errorf("load signing keys: %w", err)
		}
		signsAt, due := s.config.due(keys, s.now())
		if !due {
			return keys, nil
		}
		if _, err := s.add(ctx, keys, signsAt); err != nil && !errors.Is(err, ErrConflict) {
			return keys, err
		}
	}
	return nil, fmt.Errorf("load signing keys: %w, %d times in a row", ErrConflict, maxRaces)
}

// add makes a key and stores it after the ones in the list. ErrConflict says that the list is out of date.
func (s *Set) add(ctx context.Context, keys []StoredKey, signsAt time.Time) (StoredKey, error) {
	private, err := jws.GenerateKey(s.config.Algorithm)
	if err != nil {
		return StoredKey{}, fmt.Errorf("make a signing key: %w", err)
	}
	public, err := private.Public().JWK()
	if err != nil {
		return StoredKey{}, fmt.Errorf("make a signing key: %w", err)
	}
	sealed, err := seal(s.config.Secrets, private)
	if err != nil {
		return StoredKey{}, err
	}
	k := StoredKey{
		ID: private.ID, Algorithm: string(private.Algorithm), Public: public, Sealed: sealed,
		CreatedAt: s.now(), SignsAt: signsAt,
	}
	last := ""
	if len(keys) > 0 {
		last = keys[len(keys)-1].ID
	}
	if err := s.config.Store.Add(ctx, k, last); err != nil {
		return StoredKey{}, fmt.Errorf("add a signing key: %w", err)
	}
	return k, nil
}

// reseal is a key that was opened with an older secret, and its new seal.
type reseal struct {
	id       string
	old, new []byte
}

// open decrypts the keys that are in use at now.
func (s *Set) open(keys []StoredKey, now time.Time) (*snapshot, []reseal, error) {
	snap := &snapshot{public: make(map[string]*jws.PublicKey)}
	var resealed []reseal
	var public []*jws.PublicKey
	for i, stored := range keys {
		switch state(keys, i, s.config.KeepFor, now) {
		case Revoked, Retired:
			continue
		}
		private, with, err := open(s.config.Secrets, stored)
		if err != nil {
			return nil, nil, err
		}
		if with > 0 {
			sealed, err := seal(s.config.Secrets, private)
			if err != nil {
				return nil, nil, err
			}
			resealed = append(resealed, reseal{stored.ID, stored.Sealed, sealed})
		}
		k := private.Public()
		snap.stored, snap.private, public = append(snap.stored, stored), append(snap.private, private), append(public, k)
		snap.public[k.ID] = k
	}
	var err error
	snap.jwks, err = jws.MarshalSet(public)
	if old := s.current.Load(); old != nil && bytes.Equal(old.jwks, snap.jwks) {
		snap.public = old.public // the same keys: what they have verified stays verified
	}
	return snap, resealed, err
}

// tidy writes what the next Load would otherwise have to do again. Another node may have been faster with all of it.
func (s *Set) tidy(ctx context.Context, keys []StoredKey, resealed []reseal, now time.Time) error {
	for _, r := range resealed {
		err := s.config.Store.Reseal(ctx, r.id, r.old, r.new)
		if err != nil && !errors.Is(err, ErrConflict) && !errors.Is(err, ErrNotFound) {
			return fmt.Errorf("reseal signing key: %w", err)
		}
	}
	for i, k := range keys {
		if !disposable(keys, i, s.config.KeepFor, now) {
			continue
		}
		if err := s.config.Store.Delete(ctx, k.ID); err != nil {
			return fmt.Errorf("delete retired signing key: %w", err)
		}
	}
	return nil
}
