package accesstoken_test

import (
	"errors"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
	"github.com/mayfly-auth/mayfly/internal/jws"
)

// changing is a key set that may become another one at any moment.
type changing struct{ atomic.Pointer[ring] }

func (c *changing) Signing() (*jws.PrivateKey, error) { return c.Load().Signing() }

func (c *changing) Lookup(kid string) (*jws.PublicKey, bool) { return c.Load().Lookup(kid) }

// seenBefore makes a token and has it verified twice: the second time it was seen before.
func seenBefore(tb testing.TB, i *accesstoken.Issuer, s accesstoken.Subject) string {
	tb.Helper()
	token := mint(tb, i, s).Token
	first, err := i.Verify(token)
	if err != nil {
		tb.Fatal(err)
	}
	if second, err := i.Verify(token); err != nil || !reflect.DeepEqual(first, second) {
		tb.Fatalf("at first it says %+v, then %+v, %v", first, second, err)
	}
	return token
}

// A check of the signature allocates, so this is also how to see that there was none.
func TestATokenSeenBeforeCostsNoAllocation(t *testing.T) {
	for _, alg := range []jws.Algorithm{jws.ES256, jws.HS256} {
		i := newIssuer(t, accesstoken.Config{Keys: newRing(t, alg)})
		token := seenBefore(t, i, ada())
		if n := testing.AllocsPerRun(100, func() {
			if _, err := i.Verify(token); err != nil {
				t.Error(err)
			}
		}); n > 0 {
			t.Errorf("%s: %v allocations", alg, n)
		}
	}
}

func TestATokenSeenBeforeGoesWithItsKey(t *testing.T) {
	old, next := newRing(t, jws.ES256), newRing(t, jws.ES256)
	keys := &changing{}
	keys.Store(&old)
	i := newIssuer(t, accesstoken.Config{Keys: keys})
	token := seenBefore(t, i, ada())

	keys.Store(&next)
	if c, err := i.Verify(token); !errors.Is(err, accesstoken.ErrUnknownKey) || c.Subject != "" {
		t.Errorf("its key is gone: %v, claims of %q", err, c.Subject)
	}
	another := *next.public
	another.ID = old.key.ID
	keys.Store(&ring{old.key, &another})
	if c, err := i.Verify(token); !errors.Is(err, accesstoken.ErrSignature) || c.Subject != "" {
		t.Errorf("another key has its name: %v, claims of %q", err, c.Subject)
	}
	keys.Store(&old)
	if _, err := i.Verify(token); err != nil {
		t.Errorf("its key is back: %v", err)
	}
}

func TestATokenSeenBeforeExpiresAllTheSame(t *testing.T) {
	now := epoch
	i := newIssuer(t, accesstoken.Config{Jitter: -1, Now: func() time.Time { return now }})
	token := seenBefore(t, i, ada())
	for _, step := range []struct {
		after time.Duration
		want  error
	}{
		{accesstoken.DefaultTTL - time.Nanosecond, nil},
		{accesstoken.DefaultTTL, accesstoken.ErrExpired},
		{365 * 24 * time.Hour, accesstoken.ErrExpired},
		{time.Minute, nil}, // a clock that was wrong, and set back
		{-accesstoken.DefaultLeeway, nil},
		{-accesstoken.DefaultLeeway - time.Second, accesstoken.ErrNotYetValid}, // before it was made
		{0, nil},
	} {
		now = epoch.Add(step.after)
		c, err := i.Verify(token)
		if !errors.Is(err, step.want) || (c.Subject == ada().User) == errors.Is(step.want, accesstoken.ErrNotYetValid) {
			t.Errorf("%v after it was made: %v, claims of %q; want %v", step.after, err, c.Subject, step.want)
		}
	}
}

// What was seen before helps nothing that only resembles it.
func TestNoChangedByteOfATokenSeenBeforeIsAccepted(t *testing.T) {
	i := newIssuer(t, accesstoken.Config{Keys: newRing(t, jws.ES256)})
	good := seenBefore(t, i, ada())
	for at := range good {
		changed := []byte(good)
		changed[at] ^= 1
		if c, err := i.Verify(string(changed)); err == nil || c.Subject != "" {
			t.Fatalf("byte %d: %v, claims of %q", at, err, c.Subject)
		}
	}
	signature := strings.LastIndexByte(good, '.') + 1
	other := seenBefore(t, i, accesstoken.Subject{User: "eve"})
	for name, token := range map[string]string{
		"shorter":                   good[:len(good)-1],
		"longer":                    good + "A",
		"much longer":               good + strings.Repeat("A", jws.MaxLength),
		"without its signature":     good[:signature],
		"with another's signature":  good[:signature] + other[strings.LastIndexByte(other, '.')+1:],
		"with a signature of zeros": good[:signature] + strings.Repeat("A", len(good)-signature),
	} {
		for range 2 { // nor is a refusal remembered as anything else
			if c, err := i.Verify(token); err == nil || c.Subject != "" {
				t.Errorf("%s: %v, claims of %q", name, err, c.Subject)
			}
		}
	}
	if c, err := i.Verify(good); err != nil || c.Subject != ada().User {
		t.Errorf("the token itself: %v, claims of %q", err, c.Subject)
	}
}

// More tokens than are remembered, and keys that come and go.
func TestAHundredGoroutinesNeverGetTheClaimsOfAnother(t *testing.T) {
	one, other := sharedRing(t), sharedRing(t)
	keys := &changing{}
	keys.Store(&one)
	i := newIssuer(t, accesstoken.Config{Keys: keys})
	tokens := make([]string, 5000)
	for n := range tokens {
		tokens[n] = mint(t, i, accesstoken.Subject{User: strconv.Itoa(n)}).Token
	}
	var wg sync.WaitGroup
	for g := range 100 {
		wg.Go(func() {
			for n := g; n < len(tokens); n += 1 + n%50 {
				if g == 0 {
					keys.Store([]*ring{&one, &other}[n%2]) // the same secret in another place
				}
				if c, err := i.Verify(tokens[n]); err != nil || c.Subject != strconv.Itoa(n) {
					t.Errorf("the token of %d: %v, claims of %q", n, err, c.Subject)
					return
				}
			}
		})
	}
	wg.Wait()
}
