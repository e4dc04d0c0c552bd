package accesstoken_test

import (
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
)

// Fifty thousand people sign in within ten seconds and every one of them refreshes the moment the access token expires.
// Each wave must be flatter than the one before, and the third must be spread so that its busiest second has no more
// than three times the mean of its seconds, and a fifth of what came at sign-in.
func TestPromise20_ACrowdNeverReturnsAtOnce(t *testing.T) {
	const people, within, cycles = 50_000, 10 * time.Second, 3
	now := epoch
	i := newIssuer(t, accesstoken.Config{Now: func() time.Time { return now }})

	returns := make([]time.Time, people) // when each of them comes next
	for p := range returns {
		returns[p] = epoch.Add(within * time.Duration(p) / people)
	}
	before := 0
	for cycle := 0; cycle <= cycles; cycle++ { // cycle 0 is the sign-in
		seconds := map[int64]int{}
		first, last := returns[0].Unix(), returns[0].Unix()
		for _, at := range returns {
			first, last = min(first, at.Unix()), max(last, at.Unix())
			seconds[at.Unix()]++
		}
		peak := 0
		for _, n := range seconds {
			peak = max(peak, n)
		}
		mean := float64(people) / float64(last-first+1)
		t.Logf("cycle %d: peak %d in a second, spread over %d s, mean %.0f", cycle, peak, last-first+1, mean)
		if cycle == cycles && (float64(peak) > 3*mean || peak > people/10/5) {
			t.Errorf("the crowd comes together: %d in one second, mean %.0f", peak, mean)
		}
		// The second wave is as high as the first and only wider: two shares of chance make a triangle on the same base.
		if cycle > 0 && float64(peak) > 1.2*float64(before) {
			t.Errorf("cycle %d has a peak of %d after one of %d", cycle, peak, before)
		}
		before = peak
		for p := range returns {
			now = returns[p]
			returns[p] = mint(t, i, accesstoken.Subject{User: "u"}).ExpiresAt
		}
	}
}

// The life is never longer than the configured one, never shorter by more than the jitter, and what the client is told
// never outlasts the token.
func TestJitterOnlyShortensALife(t *testing.T) {
	const ttl = 1000 * time.Second
	now := epoch.Add(700 * time.Millisecond)
	for _, c := range []struct {
		jitter        float64
		least, spread time.Duration
	}{{0, 900 * time.Second, 80 * time.Second}, {0.5, 500 * time.Second, 400 * time.Second}, {-1, ttl, 0}} {
		i := newIssuer(t, accesstoken.Config{TTL: ttl, Jitter: c.jitter, Now: func() time.Time { return now }})
		shortest, longest := ttl, time.Duration(0)
		for range 2000 {
			m := mint(t, i, ada())
			life := m.ExpiresAt.Sub(now.Truncate(time.Second))
			if life > ttl || life < c.least {
				t.Fatalf("jitter %v gives a life of %v", c.jitter, life)
			}
			if m.ExpiresIn%time.Second != 0 || now.Add(m.ExpiresIn).After(m.ExpiresAt) || m.ExpiresAt.Sub(now)-m.ExpiresIn >= time.Second {
				t.Fatalf("expires in %v, at %v", m.ExpiresIn, m.ExpiresAt.Sub(now))
			}
			if exp := payload(t, m.Token)["exp"].(float64); int64(exp) != m.ExpiresAt.Unix() {
				t.Fatalf("exp is %v, ExpiresAt %v", exp, m.ExpiresAt.Unix())
			}
			shortest, longest = min(shortest, life), max(longest, life)
		}
		if longest-shortest < c.spread {
			t.Errorf("jitter %v: 2000 lives between %v and %v", c.jitter, shortest, longest)
		}
	}
}

func TestPromise22_AHundredThousandTokensInOneSecondAreDistinct(t *testing.T) {
	const n = 100_000
	i := newIssuer(t, accesstoken.Config{Jitter: -1}) // the clock stands, the subject is one, nothing differs but jti
	seen := make(map[string]struct{}, n)
	for range n {
		seen[mint(t, i, ada()).Token] = struct{}{}
	}
	if len(seen) != n {
		t.Errorf("%d of %d tokens are distinct", len(seen), n)
	}
}
