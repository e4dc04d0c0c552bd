package keyset_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
	"github.com/mayfly-auth/mayfly/internal/jws"
	"github.com/mayfly-auth/mayfly/internal/keyset"
	"github.com/mayfly-auth/mayfly/internal/secret"
	"github.com/mayfly-auth/mayfly/internal/store/sqlite"
)

var (
	_ accesstoken.Keys = (*keyset.Set)(nil)
	_ accesstoken.Keys = (*keyset.Shared)(nil)
)

const (
	publishFor  = 20 * time.Minute
	keepFor     = 11 * time.Minute
	rotateEvery = 3 * time.Hour
)

// world is a real database, a clock that moves by hand, and as many nodes as a test wants.
type world struct {
	*testing.T
	db  *sqlite.DB
	now time.Time
}

func newWorld(t *testing.T) *world {
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "mayfly.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return &world{T: t, db: db, now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
}

func (w *world) secrets(letters ...string) []secret.Key {
	w.Helper()
	for i := range letters {
		letters[i] = strings.Repeat(letters[i], secret.MinLength)
	}
	list, err := secret.Parse(letters...)
	w.must(err)
	return list.Derive(keyset.SealPurpose)
}

// node makes a set that has not loaded yet; change may be nil.
func (w *world) node(change func(c *keyset.Config)) *keyset.Set {
	w.Helper()
	c := keyset.Config{
		Store: w.db.Keys(), Secrets: w.secrets("a"), RotateEvery: rotateEvery, PublishFor: publishFor, KeepFor: keepFor,
		Now: func() time.Time { return w.now },
	}
	if change != nil {
		change(&c)
	}
	return keyset.New(c)
}

func (w *world) loaded(change func(c *keyset.Config)) *keyset.Set {
	w.Helper()
	s := w.node(change)
	w.must(s.Load(w.Context()))
	return s
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// signing returns the id of the key that signs.
func (w *world) signing(s *keyset.Set) string {
	w.Helper()
	k, err := s.Signing()
	w.must(err)
	return k.ID
}

// published returns the ids in the JWK Set, and fails if anything but public keys is in it.
func (w *world) published(s *keyset.Set) []string {
	w.Helper()
	keys, err := jws.ParseSet(s.JWKS())
	w.must(err)
	ids := []string{}
	for _, k := range keys {
		ids = append(ids, k.ID)
		if _, ok := s.Lookup(k.ID); !ok {
			w.Errorf("%s is published and not known", k.ID)
		}
	}
	var set struct{ Keys []map[string]any }
	w.must(json.Unmarshal(s.JWKS(), &set))
	if len(set.Keys) != len(ids) {
		w.Errorf("%d keys are published, %d of them usable", len(set.Keys), len(ids))
	}
	return ids
}

func (w *world) states(s *keyset.Set) []keyset.State {
	w.Helper()
	keys, err := s.List(w.Context())
	w.must(err)
	var states []keyset.State
	for _, k := range keys {
		states = append(states, k.State)
	}
	return states
}

func TestTheFirstLoadMakesAKeyThatSignsAtOnce(t *testing.T) {
	w := newWorld(t)
	s := w.node(nil)
	if _, err := s.Signing(); !errors.Is(err, keyset.ErrNotLoaded) {
		t.Errorf("before Load: %v", err)
	}
	if _, ok := s.Lookup(""); ok || string(s.JWKS()) != `{"keys":[]}` {
		t.Errorf("before Load there are keys: %s", s.JWKS())
	}
	w.must(s.Load(t.Context()))
	id := w.signing(s)
	k, ok := s.Lookup(id)
	if !ok || k.Algorithm != jws.ES256 || !slices.Equal(w.published(s), []string{id}) {
		t.Errorf("signing with %s, published %s", id, s.JWKS())
	}
	// A restart and a second node find the same key, to the millisecond.
	if other := w.loaded(nil); w.signing(other) != id || string(other.JWKS()) != string(s.JWKS()) {
		t.Error("another node has another key")
	}
}

func TestManyNodesThatStartTogetherMakeOneKey(t *testing.T) {
	w := newWorld(t)
	const n = 8
	nodes := make([]*keyset.Set, n)
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		nodes[i] = w.node(nil)
		wg.Go(func() { errs[i] = nodes[i].Load(t.Context()) })
	}
	wg.Wait()
	w.must(errors.Join(errs...))
	for _, s := range nodes {
		if w.signing(s) != w.signing(nodes[0]) {
			t.Error("two nodes sign with different keys")
		}
	}
	if states := w.states(nodes[0]); len(states) != 1 {
		t.Errorf("%d keys were made", len(states))
	}
	// The same when the next one is due.
	w.now = w.now.Add(rotateEvery - publishFor)
	for i := range n {
		wg.Go(func() { errs[i] = nodes[i].Load(t.Context()) })
	}
	wg.Wait()
	w.must(errors.Join(errs...))
	if states := w.states(nodes[0]); !slices.Equal(states, []keyset.State{keyset.Signing, keyset.Published}) {
		t.Errorf("the keys are %v", states)
	}
}

func TestAKeyIsPublishedThenSignsThenRetires(t *testing.T) {
	w := newWorld(t)
	s := w.loaded(nil)
	first := w.signing(s)
	step := func(d time.Duration, load bool, published int, signing string, states ...keyset.State) {
		t.Helper()
		w.now = w.now.Add(d)
		if load {
			w.must(s.Load(t.Context()))
		}
		if ids := w.published(s); len(ids) != published {
			t.Errorf("%d keys are published, want %d", len(ids), published)
		}
		if now := w.signing(s); (now == first) != (signing == "first") {
			t.Errorf("%s signs, want the %s", now, signing)
		}
		if got := w.states(s); !slices.Equal(got, states) {
			t.Errorf("the keys are %v, want %v", got, states)
		}
	}
	step(rotateEvery-publishFor-time.Millisecond, true, 1, "first", keyset.Signing)
	step(time.Millisecond, true, 2, "first", keyset.Signing, keyset.Published)
	step(publishFor-time.Millisecond, false, 2, "first", keyset.Signing, keyset.Published)
	step(time.Millisecond, false, 2, "second", keyset.Retiring, keyset.Signing) // without a Load
	step(keepFor-time.Millisecond, true, 2, "second", keyset.Retiring, keyset.Signing)
	step(time.Millisecond, false, 2, "second", keyset.Retired, keyset.Signing)
	step(0, true, 1, "second", keyset.Signing) // Load has deleted the first
	if _, ok := s.Lookup(first); ok {
		t.Error("the retired key is still known")
	}
}

func TestAChangedAlgorithmIsARotation(t *testing.T) {
	w := newWorld(t)
	first := w.signing(w.loaded(nil))
	s := w.loaded(func(c *keyset.Config) { c.Algorithm, c.RotateEvery = jws.EdDSA, 0 })
	if w.signing(s) != first || len(w.published(s)) != 2 {
		t.Error("the new algorithm signs before anybody knows its key")
	}
	w.now = w.now.Add(publishFor)
	k, err := s.Signing()
	w.must(err)
	if k.Algorithm != jws.EdDSA {
		t.Errorf("%s signs", k.Algorithm)
	}
	bad := w.node(func(c *keyset.Config) { c.Algorithm = jws.HS256 })
	if err := bad.Load(t.Context()); !errors.Is(err, jws.ErrAlgorithm) {
		t.Errorf("HS256 in a key set: %v", err)
	}
	// A key that cannot be added is no reason not to sign.
	if w.signing(bad) != k.ID {
		t.Error("the keys that are there were not loaded")
	}
}

func TestANewSecretResealsAndAMissingOneIsNamed(t *testing.T) {
	w := newWorld(t)
	first := w.signing(w.loaded(nil))
	stranger := w.node(func(c *keyset.Config) { c.Secrets = w.secrets("b") })
	if err := stranger.Load(t.Context()); !errors.Is(err, keyset.ErrSecret) {
		t.Fatalf("with another secret: %v, want ErrSecret", err)
	}
	if _, err := stranger.Signing(); !errors.Is(err, keyset.ErrNotLoaded) || len(w.states(stranger)) != 1 {
		t.Error("the wrong secret made a key of its own")
	}
	w.loaded(func(c *keyset.Config) { c.Secrets = w.secrets("b", "a") })
	if w.signing(w.loaded(func(c *keyset.Config) { c.Secrets = w.secrets("b") })) != first {
		t.Error("after the new secret was put first, the old one is still needed")
	}
	if err := w.node(func(c *keyset.Config) { c.Secrets = nil }).Load(t.Context()); err == nil {
		t.Error("without any secret keys are loaded")
	}
}

func TestADatabaseThatFailsKeepsNobodyFromSigning(t *testing.T) {
	w := newWorld(t)
	s := w.loaded(nil)
	id := w.signing(s)
	w.must(w.db.Close())
	if err := s.Load(t.Context()); err == nil {
		t.Fatal("a closed database loads")
	}
	if err := s.Revoke(t.Context(), id); err == nil {
		t.Error("a closed database revokes")
	}
	if _, err := s.Rotate(t.Context()); err == nil {
		t.Error("a closed database rotates")
	}
	if _, ok := s.Lookup(id); !ok || w.signing(s) != id {
		t.Error("the key is gone with the database")
	}
}

// Somebody who can write to the database puts in a public key of his own: under a row without a seal, and over the
// public half of a real one.
func TestAKeyThatOnlyTheDatabaseKnowsIsNotTrusted(t *testing.T) {
	w := newWorld(t)
	s := w.loaded(nil)
	own, err := jws.GenerateKey(jws.ES256)
	w.must(err)
	public, err := own.Public().JWK()
	w.must(err)
	keys, err := w.db.Keys().List(t.Context())
	w.must(err)
	planted := keys[0]
	planted.ID, planted.Public = own.ID, public
	w.must(w.db.Keys().Add(t.Context(), planted, keys[0].ID))
	if err := s.Load(t.Context()); !errors.Is(err, keyset.ErrSecret) {
		t.Errorf("Load says %v, want ErrSecret", err)
	}
	if _, ok := s.Lookup(own.ID); ok || slices.Contains(w.published(s), own.ID) {
		t.Error("the planted key is trusted")
	}
}

func TestASharedSecretIsAKeySetOfOne(t *testing.T) {
	s, err := keyset.NewShared([]byte(strings.Repeat("s", 32)))
	if err != nil {
		t.Fatal(err)
	}
	i, err := accesstoken.NewIssuer(accesstoken.Config{Keys: s, Issuer: "https://auth.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	m, err := i.Mint(accesstoken.Subject{User: "u"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := i.Verify(m.Token); err != nil {
		t.Error(err)
	}
	if _, ok := s.Lookup("x"); ok || string(s.JWKS()) != `{"keys":[]}` {
		t.Error("the shared secret answers to a name, or is published")
	}
	if _, err := keyset.NewShared([]byte("short")); err == nil || !strings.Contains(err.Error(), "openssl rand -base64 32") {
		t.Errorf("a short secret: %v", err)
	}
}

// What a key has verified is remembered under its address, and keys are loaded every few seconds.
func TestAKeyKeepsItsAddressWhileTheKeysAreTheSame(t *testing.T) {
	w := newWorld(t)
	s := w.loaded(nil)
	kid := w.signing(s)
	before, _ := s.Lookup(kid)
	w.must(s.Load(t.Context()))
	if after, ok := s.Lookup(kid); !ok || after != before {
		t.Errorf("the same keys were loaded, and %v has become %v", before, after)
	}
	w.must(s.Revoke(t.Context(), kid))
	if after, ok := s.Lookup(kid); ok {
		t.Errorf("revoked, and still there: %v", after)
	}
}

func TestLoadingAndSigningAtTheSameTime(t *testing.T) {
	w := newWorld(t)
	s := w.loaded(func(c *keyset.Config) { c.PublishFor = 0 })
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for ctx.Err() == nil {
				k, err := s.Signing()
				if err != nil {
					t.Error(err)
					return
				}
				if _, ok := s.Lookup(k.ID); !ok && ctx.Err() == nil {
					if now, _ := s.Signing(); now == k { // no rotation came between the two calls
						t.Error("the signing key is not known")
						return
					}
				}
				s.JWKS()
			}
		})
	}
	for range 20 {
		_, err := s.Rotate(t.Context())
		w.must(err)
	}
	stop()
	wg.Wait()
}
