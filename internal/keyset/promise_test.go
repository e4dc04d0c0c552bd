package keyset_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
	"github.com/mayfly-auth/mayfly/internal/jws"
	"github.com/mayfly-auth/mayfly/internal/keyset"
)

// cache is a verifier at its most stubborn: it keeps the published keys for their whole max-age and does not ask again
// when it meets a key that it does not know.
type cache struct {
	*world
	from    *keyset.Set
	maxAge  time.Duration
	fetched time.Time
	keys    []*jws.PublicKey
}

func (c *cache) check(token string) error {
	c.Helper()
	if c.keys == nil || c.now.Sub(c.fetched) >= c.maxAge {
		keys, err := jws.ParseSet(c.from.JWKS())
		c.must(err)
		c.keys, c.fetched = keys, c.now
	}
	t, err := jws.Parse(token)
	c.must(err)
	for _, k := range c.keys {
		if k.ID != t.Header.KeyID {
			continue
		}
		if err := t.Verify(k); err != nil {
			return err
		}
		_, err := accesstoken.Rules{Issuer: issuer, Audience: issuer, Leeway: -1, Now: func() time.Time { return c.now }}.Check(t)
		return err
	}
	return accesstoken.ErrUnknownKey
}

const issuer = "https://auth.example.com"

// Ten rotations, five by the schedule and five by hand, while two nodes that load at different moments mint tokens
// every minute. Each token is checked when it is new and right before it expires: by both nodes, and by two verifiers
// whose copies of the published keys have the greatest age that is allowed.
func TestPromise19_KeyRotationBreaksNoVerifier(t *testing.T) {
	w := newWorld(t)
	nodes := []*keyset.Set{w.loaded(nil), w.loaded(nil)}
	var issuers []*accesstoken.Issuer
	var verifiers []*cache
	for _, s := range nodes {
		i, err := accesstoken.NewIssuer(accesstoken.Config{
			Keys: s, Issuer: issuer, Now: func() time.Time { return w.now }, TTL: 10 * time.Minute,
		})
		w.must(err)
		issuers = append(issuers, i)
		verifiers = append(verifiers, &cache{world: w, from: s, maxAge: 14 * time.Minute})
	}
	judge := func(token, when string) {
		t.Helper()
		for n := range nodes {
			if _, err := issuers[n].Verify(token); err != nil {
				t.Fatalf("%v: node %d refuses a %s token: %v", w.now, n, when, err)
			}
			if err := verifiers[n].check(token); err != nil {
				t.Fatalf("%v: verifier %d refuses a %s token: %v", w.now, n, when, err)
			}
		}
	}

	old := map[int64][]string{} // by the last minute of their lives
	signers := []string{}
	for minute := range int64(10 * 2 * 60) {
		for n, s := range nodes {
			if (int(minute)+3*n)%5 == 0 { // each loads every five minutes, three apart
				w.must(s.Load(t.Context()))
			}
		}
		if minute%240 == 200 {
			_, err := nodes[minute/240%2].Rotate(t.Context())
			w.must(err)
		}
		for _, token := range old[minute] {
			judge(token, "dying")
		}
		delete(old, minute)
		for n, i := range issuers {
			m, err := i.Mint(accesstoken.Subject{User: "u"})
			w.must(err)
			judge(m.Token, "new")
			last := minute + int64((m.ExpiresIn-time.Second)/time.Minute)
			old[last] = append(old[last], m.Token)
			if id := w.signing(nodes[n]); !slices.Contains(signers, id) {
				signers = append(signers, id)
			}
		}
		w.now = w.now.Add(time.Minute)
	}
	if len(signers) != 1+10 {
		t.Errorf("%d keys have signed, want the first and ten more", len(signers))
	}
	if n := len(w.states(nodes[0])); n > 4 {
		t.Errorf("%d keys are left over", n)
	}
}

// A stolen key dies on this node at once, on another with its next Load, at a verifier when its copy ends; the tokens of
// the fresh key are good everywhere from then on.
func TestPromise19_ARevokedKeyDiesWithinItsBound(t *testing.T) {
	w := newWorld(t)
	here, there := w.loaded(nil), w.loaded(nil)
	newIssuer := func(s *keyset.Set) *accesstoken.Issuer {
		i, err := accesstoken.NewIssuer(accesstoken.Config{Keys: s, Issuer: issuer, Jitter: -1, Now: func() time.Time { return w.now }})
		w.must(err)
		return i
	}
	a, b := newIssuer(here), newIssuer(there)
	verifier := &cache{world: w, from: there, maxAge: 5 * time.Minute}
	stolen, err := a.Mint(accesstoken.Subject{User: "u"})
	w.must(err)
	w.must(verifier.check(stolen.Token))
	for _, node := range []*accesstoken.Issuer{a, b} {
		_, err := node.Verify(stolen.Token) // that they have seen it must not help it later
		w.must(err)
	}

	w.must(here.Revoke(t.Context(), w.signing(here)))
	if _, err := a.Verify(stolen.Token); !errors.Is(err, accesstoken.ErrUnknownKey) {
		t.Errorf("this node: %v", err)
	}
	w.must(there.Load(t.Context()))
	if _, err := b.Verify(stolen.Token); !errors.Is(err, accesstoken.ErrUnknownKey) {
		t.Errorf("the other node after its Load: %v", err)
	}
	w.now = w.now.Add(verifier.maxAge)
	if err := verifier.check(stolen.Token); !errors.Is(err, accesstoken.ErrUnknownKey) {
		t.Errorf("the verifier after max-age: %v", err)
	}
	fresh, err := b.Mint(accesstoken.Subject{User: "u"})
	w.must(err)
	if _, err := a.Verify(fresh.Token); err != nil {
		t.Error(err)
	}
	w.must(verifier.check(fresh.Token))
}
