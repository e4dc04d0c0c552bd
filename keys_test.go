package mayfly_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mayfly-auth/mayfly"
	"github.com/mayfly-auth/mayfly/internal/jws"
)

// settled waits until the verifier's fetch in the background has ended: one for an unknown key joins it.
func settled(tb testing.TB, i *issuer, v *mayfly.Verifier) {
	tb.Helper()
	stranger, err := jws.GenerateKey(jws.EdDSA)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := v.Verify(context.Background(), i.token(tb, stranger, nil)); err == nil {
		tb.Fatal("a stranger's token was accepted")
	}
}

func TestPromise19_RandomKidsFetchOnceAnInterval(t *testing.T) {
	i := newIssuer(t)
	key := newKey(t)
	i.publish(key)
	v := i.verifier(t)
	mustVerify(t, v, i.token(t, key, nil))
	stranger := newKey(t)
	_, rest, _ := strings.Cut(i.token(t, stranger, nil), ".")

	const kids, intervals = 10_000, 5
	for n := range kids {
		header := encode(`{"alg":"ES256","typ":"at+jwt","kid":"` + strconv.Itoa(n) + `"}`)
		if _, err := v.Verify(t.Context(), header+"."+rest); !errors.Is(err, mayfly.ErrTokenInvalid) {
			t.Fatalf("kid %d: %v", n, err)
		}
		i.clock.move(mayfly.DefaultRefetchInterval * intervals / kids)
	}
	if n := i.fetches.Load(); n < intervals || n > intervals+1 {
		t.Errorf("%d fetches in %d intervals", n, intervals)
	}
}

func TestPromise19_RotationRefusesNobody(t *testing.T) {
	i := newIssuer(t)
	old := newKey(t)
	i.publish(old)
	v := i.verifier(t)
	var mu sync.RWMutex // a token that was read is verified before the next is signed: no old one lingers
	var token string
	sign := func(key *jws.PrivateKey) {
		mu.Lock()
		defer mu.Unlock()
		token = i.token(t, key, nil)
	}
	verify := func() error {
		mu.RLock()
		defer mu.RUnlock()
		_, err := v.Verify(t.Context(), token)
		return err
	}
	sign(old)

	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := verify(); err != nil {
					t.Errorf("refused: %v", err)
					return
				}
			}
		})
	}
	for range 10 {
		next := newKey(t)
		i.publish(old, next)
		i.clock.move(5*time.Minute + time.Second) // longer than the life of the answer, then sign
		settled(t, i, v)
		sign(next)
		i.publish(next)
		old = next
	}
	close(stop)
	wg.Wait()
}

func TestPromise19_AWithdrawnKeyDiesWithinTwiceTheLifeOfTheSet(t *testing.T) {
	i := newIssuer(t)
	stolen, next := newKey(t), newKey(t)
	i.publish(stolen)
	v := i.verifier(t)
	token := i.token(t, stolen, claims{"exp": i.clock.now().Add(time.Hour).Unix()})
	mustVerify(t, v, token)
	i.publish(next)

	i.clock.move(5*time.Minute - time.Second)
	mustVerify(t, v, token) // the answer is still good, so nobody has asked again
	i.clock.move(5*time.Minute + time.Second)
	// The first request after a long silence waits for the news.
	if _, err := v.Verify(t.Context(), token); !errors.Is(err, mayfly.ErrTokenInvalid) {
		t.Errorf("after twice the life: %v", err)
	}
}

// broken are the ways in which an issuer fails to give its keys.
func broken(tb testing.TB) map[string]http.HandlerFunc {
	key, err := newKey(tb).Public().JWK()
	if err != nil {
		tb.Fatal(err)
	}
	set := `{"keys":[` + string(key) + `]}`
	write := func(contentType, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			_, _ = w.Write([]byte(text))
		}
	}
	return map[string]http.HandlerFunc{
		"500":     func(w http.ResponseWriter, _ *http.Request) { http.Error(w, set, http.StatusInternalServerError) },
		"reset":   func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"HTML":    write("text/html", "<html>Welcome to the hotel</html>"),
		"nothing": write("application/json", ""),
		"no keys": write("application/json", `{}`),
		"private": write("application/json", `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"","d":"AA"}]}`),
		"twice":   write("application/json", `{"keys":[`+string(key)+`,`+string(key)+`]}`),
		"huge":    write("application/json", set+strings.Repeat(" ", 1<<20)),
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/elsewhere" {
				_, _ = w.Write([]byte(set))
				return
			}
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		},
	}
}

func TestWithoutKeysNothingIsJudged(t *testing.T) {
	for name, answer := range broken(t) {
		t.Run(name, func(t *testing.T) {
			i := newIssuer(t)
			key := newKey(t)
			i.publish(key)
			i.answerWith(answer)
			v := i.verifier(t)
			token := i.token(t, key, nil)
			for range 5 { // only the first of them asks
				_, err := v.Verify(t.Context(), token)
				if !errors.Is(err, mayfly.ErrKeysUnavailable) || errors.Is(err, mayfly.ErrTokenInvalid) {
					t.Fatalf("got %v", err)
				}
			}
			if n := i.fetches.Load(); n != 1 {
				t.Errorf("%d fetches", n)
			}
			i.answerWith(nil)
			i.clock.move(time.Second)
			mustVerify(t, v, token)
		})
	}
}

func TestOldKeysStayInUseWhileTheIssuerFails(t *testing.T) {
	for name, answer := range broken(t) {
		t.Run(name, func(t *testing.T) {
			i := newIssuer(t)
			key := newKey(t)
			i.publish(key)
			var log bytes.Buffer
			v := i.verifier(t, func(c *mayfly.VerifierConfig) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
			mustVerify(t, v, i.token(t, key, nil))
			i.answerWith(answer)

			// A request each minute: all pass, and after some minutes few of them cause a fetch.
			before := i.fetches.Load()
			for range 120 {
				i.clock.move(time.Minute)
				mustVerify(t, v, i.token(t, key, nil))
				settled(t, i, v)
			}
			if n := i.fetches.Load() - before; n < 20 || n > 30 {
				t.Errorf("%d fetches in two hours, about one each five minutes was expected", n)
			}
			if !strings.Contains(log.String(), "can not be fetched") {
				t.Errorf("nobody was told: %s", log.String())
			}

			i.clock.move(21 * time.Hour)
			mustVerify(t, v, i.token(t, key, nil))
			settled(t, i, v)
			i.clock.move(time.Hour)
			if _, err := v.Verify(t.Context(), i.token(t, key, nil)); !errors.Is(err, mayfly.ErrKeysUnavailable) {
				t.Errorf("after a day: %v", err)
			}
			i.answerWith(nil)
			i.clock.move(5 * time.Minute)
			mustVerify(t, v, i.token(t, key, nil))
		})
	}
}

func TestAnUnknownKeyIsNotCalledInvalidWhileTheIssuerFails(t *testing.T) {
	i := newIssuer(t)
	old, next := newKey(t), newKey(t)
	i.publish(old)
	v := i.verifier(t)
	mustVerify(t, v, i.token(t, old, nil))
	i.answerWith(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	i.clock.move(mayfly.DefaultRefetchInterval)
	for range 2 {
		_, err := v.Verify(t.Context(), i.token(t, next, nil))
		if !errors.Is(err, mayfly.ErrKeysUnavailable) {
			t.Errorf("got %v", err)
		}
	}
}

func TestNoRequestWaitsWhileOldKeysAreAtHand(t *testing.T) {
	i := newIssuer(t)
	key, next := newKey(t), newKey(t)
	i.publish(key)
	v := i.verifier(t)
	mustVerify(t, v, i.token(t, key, nil))

	release, asked := make(chan struct{}), make(chan struct{}, 1)
	i.publish(key, next)
	i.answerWith(func(w http.ResponseWriter, _ *http.Request) {
		asked <- struct{}{}
		<-release
		text, err := jws.MarshalSet([]*jws.PublicKey{key.Public(), next.Public()})
		if err != nil {
			panic(err)
		}
		_, _ = w.Write(text)
	})
	i.clock.move(5 * time.Minute)
	mustVerify(t, v, i.token(t, key, nil))
	<-asked // the fetch is under way, and stays so
	mustVerify(t, v, i.token(t, key, nil))

	// A request for a key that is not there waits no longer than it wants to.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := v.Verify(ctx, i.token(t, next, nil)); !errors.Is(err, context.Canceled) || !errors.Is(err, mayfly.ErrKeysUnavailable) {
		t.Errorf("with a cancelled context: %v", err)
	}
	close(release)
	mustVerify(t, v, i.token(t, next, nil)) // this one joins the fetch
	if n := i.fetches.Load(); n != 2 {
		t.Errorf("%d fetches", n)
	}
}

func TestTheKeySetIsKeptWithinBounds(t *testing.T) {
	for name, test := range map[string]struct {
		header http.Header
		want   time.Duration
	}{
		"no header":      {http.Header{}, 5 * time.Minute},
		"ten minutes":    {http.Header{"Cache-Control": {"public, Max-Age=600"}}, 10 * time.Minute},
		"of them gone 4": {http.Header{"Cache-Control": {"max-age=600"}, "Age": {"240"}}, 6 * time.Minute},
		"none":           {http.Header{"Cache-Control": {"max-age=0"}}, time.Minute},
		"no-store":       {http.Header{"Cache-Control": {"no-store, max-age=600"}}, time.Minute},
		"a year":         {http.Header{"Cache-Control": {"max-age=31536000"}}, time.Hour},
		"beyond numbers": {http.Header{"Cache-Control": {"max-age=18446744073709551615"}}, time.Hour},
		"no number":      {http.Header{"Cache-Control": {"max-age=soon"}}, 5 * time.Minute},
		"negative":       {http.Header{"Cache-Control": {"max-age=-1"}}, 5 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			i := newIssuer(t)
			key := newKey(t)
			text, err := jws.MarshalSet([]*jws.PublicKey{key.Public()})
			if err != nil {
				t.Fatal(err)
			}
			asked := make(chan struct{}, 2)
			i.answerWith(func(w http.ResponseWriter, _ *http.Request) {
				asked <- struct{}{}
				for name, values := range test.header {
					w.Header()[name] = values
				}
				_, _ = w.Write(text)
			})
			v := i.verifier(t)
			token := i.token(t, key, claims{"exp": i.clock.now().Add(24 * time.Hour).Unix()})
			mustVerify(t, v, token)
			i.clock.move(test.want - time.Second)
			mustVerify(t, v, token)
			if n := i.fetches.Load(); n != 1 {
				t.Fatalf("asked again before %v: %d fetches", test.want, n)
			}
			i.clock.move(time.Second)
			mustVerify(t, v, token)
			<-asked
			<-asked // a second time, now that the life is over
		})
	}
}

func TestAClockThatIsSetBackOnlyBringsTheKeysAnew(t *testing.T) {
	i := newIssuer(t)
	key := newKey(t)
	i.publish(key)
	v := i.verifier(t)
	mustVerify(t, v, i.token(t, key, nil))
	asked := make(chan struct{})
	i.answerWith(func(w http.ResponseWriter, r *http.Request) {
		i.answerWith(nil)
		i.ServeHTTP(w, r)
		close(asked)
	})
	i.clock.move(-365 * 24 * time.Hour)
	mustVerify(t, v, i.token(t, key, nil))
	<-asked
	settled(t, i, v)
	mustVerify(t, v, i.token(t, key, nil))
	next := newKey(t)
	i.publish(key, next)
	i.clock.move(mayfly.DefaultRefetchInterval)
	mustVerify(t, v, i.token(t, next, nil))
}

func TestASilentIssuerIsGivenUpAfterFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		n.serve(t, "auth.localhost:80", http.HandlerFunc(silence))
		v, err := mayfly.NewVerifier(mayfly.VerifierConfig{Issuer: authURL, HTTPClient: &http.Client{Transport: n}})
		if err != nil {
			t.Fatal(err)
		}
		key, err := jws.GenerateKey(jws.ES256)
		if err != nil {
			t.Fatal(err)
		}
		token := signed(t, key, "at+jwt", claims{"iss": authURL})

		// One caller gives up early; another, who comes with the same fetch under way, hears of its end.
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := v.Verify(ctx, token); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		if _, err := v.Verify(t.Context(), token); !errors.Is(err, mayfly.ErrKeysUnavailable) || time.Since(start) != 5*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}
