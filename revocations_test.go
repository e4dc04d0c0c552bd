package mayfly_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mayfly-auth/mayfly"
)

func TestPromise10_ARevokedSessionsTokenIsRefusedAndOthersGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, s := newFeed(t).up(t, mayfly.RevocationsConfig{})
		ada, eve := tokenOf(t, "ada"), tokenOf(t, "eve")
		for _, token := range []string{ada, ada, eve} { // the second time it was seen before
			if got := verdict(t, v, token); got != "good" {
				t.Fatalf("before the revocation: %s", got)
			}
		}
		s.revoke(630*time.Second, "ada")
		for range 2 {
			if got := verdict(t, v, ada); got != "revoked" {
				t.Errorf("a token of the session that has ended is %s", got)
			}
			if got := verdict(t, v, eve); got != "good" {
				t.Errorf("a token of another session is %s", got)
			}
		}
		time.Sleep(time.Second)
		another := tokenOf(t, "ada")
		if got := verdict(t, v, another); got != "revoked" || another == ada {
			t.Errorf("another token of that session, which was never seen before, is %s", got)
		}
		if got := v.Feed(); !got.Up || got.Marks != 1 || got.Dropped != 0 || got.LastError != nil {
			t.Errorf("the feed is %+v", got)
		}
	})
}

// Whoever starts anew must not believe in tokens of sessions that ended before it started.
func TestPromise10_TheFirstTokenWaitsForWhatWasRevokedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(t)
		v := f.verifier(t, mayfly.RevocationsConfig{})
		if !v.Feed().Since.IsZero() || len(f.requests()) != 0 {
			t.Error("something is followed before it is needed")
		}
		verdicts := make(chan string, 20)
		token := tokenOf(t, "ada")
		for range cap(verdicts) {
			go func() { verdicts <- verdict(t, v, token) }()
		}
		s := f.accept(t)
		s.revoke(time.Minute, "eve")
		s.revoke(time.Minute, "ada")
		time.Sleep(time.Second)
		synctest.Wait()
		if len(verdicts) != 0 {
			t.Fatal("a token was judged before the snapshot was complete")
		}
		if got := verdict(t, v, "garbage"); got != "invalid" {
			t.Errorf("garbage waits for nothing, and is %s", got)
		}
		s.current("7")
		for range cap(verdicts) {
			if got := <-verdicts; got != "revoked" {
				t.Errorf("a session that ended before is %s", got)
			}
		}
		if n := len(f.requests()); n != 1 {
			t.Errorf("%d connections for one verifier", n)
		}
	})
}

func TestWaitingForTheFeedEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(t)
		v := f.verifier(t, mayfly.RevocationsConfig{})
		begun := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := v.Verify(ctx, tokenOf(t, "ada"))
		if !errors.Is(err, mayfly.ErrRevocationsUnknown) || !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != time.Second {
			t.Errorf("a context that ends: %v after %v", err, time.Since(begun))
		}
		// The feed accepts the connection and never comes to its point.
		if got := verdict(t, v, tokenOf(t, "ada")); got != "good" || time.Since(begun) != 5*time.Second {
			t.Errorf("%s after %v", got, time.Since(begun))
		}
	})
}

// The times of sessions are those of the monotonic clock. Wall clocks jump.
func TestAMarkIsForgottenByTheMonotonicClockAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var jump atomic.Int64
		v, s := newFeed(t).up(t, mayfly.RevocationsConfig{}, func(c *mayfly.VerifierConfig) {
			c.Now = func() time.Time { return time.Now().Add(time.Duration(jump.Load())) }
		})
		s.keepAlive(time.Hour) // the times of marks begin when they are named, not when the following began
		token := tokenOf(t, "ada")
		s.revoke(630*time.Second, "ada")
		jump.Store(int64(5 * time.Hour))
		s.keepAlive(time.Minute)
		if got := verdict(t, v, token); got != "revoked" {
			t.Errorf("five hours later by the wall clock, one minute in truth: %s", got)
		}
		jump.Store(int64(-29 * time.Second)) // as far back as leeway lets the token's own time be right
		s.keepAlive(569 * time.Second)
		if got := verdict(t, v, token); got != "revoked" {
			t.Errorf("one second before it is over: %s", got)
		}
		s.keepAlive(2 * time.Second)
		if got := verdict(t, v, token); got != "good" {
			t.Errorf("after it is over: %s", got)
		}
		s.keepAlive(2 * time.Minute)
		if n := v.Feed().Marks; n != 0 {
			t.Errorf("%d marks are left", n)
		}
	})
}

func TestPromise10_AFeedThatIsDownLeavesTokensGoodAndSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		changes := make(chan mayfly.FeedState, 100)
		f := newFeed(t)
		v, s := f.up(t, mayfly.RevocationsConfig{OnChange: func(state mayfly.FeedState) { changes <- state }})
		if state := <-changes; !state.Up || state.Since != time.Now() {
			t.Errorf("when it came up: %+v", state)
		}
		s.revoke(630*time.Second, "ada")
		for range 5 { // a proxy that keeps the line warm is no Mayfly
			time.Sleep(time.Second)
			s.say(": still here\n\n")
		}
		if !v.Feed().Up {
			t.Error("down before six seconds of silence")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		state := v.Feed()
		if state.Up || state.Since != time.Now() || state.LastError == nil || state.Marks != 1 {
			t.Errorf("after six seconds of silence: %+v", state)
		}
		if told := <-changes; told.Up || told.LastError == nil {
			t.Errorf("told: %+v", told)
		}
		if got := verdict(t, v, tokenOf(t, "eve")); got != "good" {
			t.Errorf("an unknown session is %s", got)
		}
		if got := verdict(t, v, tokenOf(t, "ada")); got != "revoked" {
			t.Errorf("a session that is known to have ended is %s", got)
		}
		s = f.accept(t) // it comes back by itself
		s.revoke(630*time.Second, "eve")
		if v.Feed().Up {
			t.Error("up before everything was named")
		}
		s.current("12")
		if got := verdict(t, v, tokenOf(t, "eve")); got != "revoked" || !v.Feed().Up {
			t.Errorf("what was revoked meanwhile is %s", got)
		}
		if told := <-changes; !told.Up || len(changes) != 0 {
			t.Errorf("told: %+v and %d more", told, len(changes))
		}
	})
}

func TestRefuseWhenDownRefusesWithATryAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(t)
		v, s := f.up(t, mayfly.RevocationsConfig{RefuseWhenDown: true})
		token := tokenOf(t, "ada")
		if got := verdict(t, v, token); got != "good" {
			t.Fatalf("while it is up: %s", got)
		}
		s.revoke(time.Minute, "eve")
		close(s.end)
		synctest.Wait()
		if got := verdict(t, v, token); got != "unknown" {
			t.Errorf("while it is down: %s", got)
		}
		if got := verdict(t, v, tokenOf(t, "eve")); got != "revoked" {
			t.Errorf("what is known all the same: %s", got)
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		resp, p := serve(t, v.Middleware(hello), r)
		if resp.StatusCode != http.StatusServiceUnavailable || p.Code != "unavailable" || resp.Header.Get("Retry-After") != "1" {
			t.Errorf("the middleware: %d %+v, Retry-After %q", resp.StatusCode, p, resp.Header.Get("Retry-After"))
		}
		s = f.accept(t)
		s.current("8")
		if got := verdict(t, v, token); got != "good" {
			t.Errorf("when it is back: %s", got)
		}
		v.Close()
		synctest.Wait()
		if got := verdict(t, v, token); got != "unknown" || v.Feed().Up {
			t.Errorf("after Close: %s, %+v", got, v.Feed())
		}
	})
}

func TestTheMiddlewareSaysThatASessionHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, s := newFeed(t).up(t, mayfly.RevocationsConfig{})
		s.revoke(time.Minute, "ada")
		for name, h := range map[string]http.Handler{"Middleware": v.Middleware(hello), "Optional": v.Optional(hello)} {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Authorization", "Bearer "+tokenOf(t, "ada"))
			resp, p := serve(t, h, r)
			const challenge = `Bearer error="invalid_token", error_description="revoked"`
			if resp.StatusCode != 401 || p.Code != "token_revoked" || resp.Header.Get("WWW-Authenticate") != challenge {
				t.Errorf("%s: %d %+v %v", name, resp.StatusCode, p, resp.Header)
			}
		}
	})
}

func TestMoreRevocationsThanMayBeRememberedAreCountedAndTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		changes := make(chan mayfly.FeedState, 100)
		v, s := newFeed(t).up(t, mayfly.RevocationsConfig{
			MaxMarks: 32, OnChange: func(state mayfly.FeedState) { changes <- state },
		})
		<-changes
		for n := range 40 {
			s.revoke(time.Hour+time.Duration(n)*time.Second, "s"+strconv.Itoa(n))
		}
		state := v.Feed()
		if state.Marks > 32 || state.Dropped != uint64(40-state.Marks) || !state.Up {
			t.Errorf("%+v", state)
		}
		if told := <-changes; told.Dropped == 0 {
			t.Errorf("told: %+v", told)
		}
		if got := verdict(t, v, tokenOf(t, "s39")); got != "revoked" {
			t.Errorf("the newest is %s", got)
		}
		if got := verdict(t, v, tokenOf(t, "s0")); got != "good" {
			t.Errorf("the oldest is %s", got)
		}
	})
}

func TestCloseEndsTheFollowing(t *testing.T) {
	for name, test := range map[string]func(t *testing.T, f *feed){
		"before it began": func(t *testing.T, f *feed) {
			v := f.verifier(t, mayfly.RevocationsConfig{})
			v.Close()
			if got := verdict(t, v, tokenOf(t, "ada")); got != "good" || len(f.requests()) != 0 {
				t.Errorf("a token is %s after %d requests", got, len(f.requests()))
			}
		},
		"while tokens wait": func(t *testing.T, f *feed) {
			v := f.verifier(t, mayfly.RevocationsConfig{})
			got := make(chan string)
			go func() { got <- verdict(t, v, tokenOf(t, "ada")) }()
			f.accept(t)
			v.Close()
			if got := <-got; got != "good" {
				t.Errorf("a token that waited is %s", got)
			}
		},
		"while it is up, twice, from OnChange": func(t *testing.T, f *feed) {
			var v *mayfly.Verifier
			v, s := f.up(t, mayfly.RevocationsConfig{OnChange: func(state mayfly.FeedState) {
				if !state.Up {
					v.Close()
				}
			}})
			v.Close()
			v.Close()
			<-s.gone
			synctest.Wait()
			if state := v.Feed(); state.Up || state.LastError == nil {
				t.Errorf("%+v", state)
			}
		},
		"between two attempts": func(t *testing.T, f *feed) {
			v, s := f.up(t, mayfly.RevocationsConfig{})
			close(s.end)
			synctest.Wait()
			v.Close()
			time.Sleep(time.Hour)
			if n := len(f.requests()); n != 1 {
				t.Errorf("%d requests", n)
			}
		},
	} {
		// A bubble fails if a goroutine of it is left.
		t.Run(name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { test(t, newFeed(t)) }) })
	}
}

func TestAVerifierThatIsForgottenStopsFollowing(t *testing.T) {
	gone := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		say(w, "event: current\ndata: {}\n\n")
		<-r.Context().Done()
		close(gone)
	}))
	defer server.Close()
	func() {
		v, err := mayfly.NewVerifier(mayfly.VerifierConfig{
			Issuer: feedIssuer, SharedSecret: []byte(feedSecret),
			Revocations: &mayfly.RevocationsConfig{URL: server.URL}, HTTPClient: server.Client(),
		})
		if err != nil {
			t.Fatal(err)
		}
		mustVerify(t, v, tokenOf(t, "ada"))
	}()
	guard := time.After(30 * time.Second)
	for {
		runtime.GC()
		select {
		case <-gone:
			return
		case <-guard:
			t.Fatal("nobody has the verifier any more, and its connection is still there")
		default:
		}
	}
}

// TestPromise10_AfterARevocationEveryVerifyRefuses lets many goroutines verify over real connections while sessions end
// in an order of chance: from the moment a goroutine saw one refused, it is never good again, and the others always are.
func TestPromise10_AfterARevocationEveryVerifyRefuses(t *testing.T) {
	const sessions = 60
	events := make(chan string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		say(w, "event: current\ndata: {}\n\n")
		for {
			select {
			case text := <-events:
				say(w, text)
			case <-r.Context().Done():
				return
			}
		}
	}))
	defer server.Close()
	v, err := mayfly.NewVerifier(mayfly.VerifierConfig{
		Issuer: feedIssuer, SharedSecret: []byte(feedSecret), CacheSize: sessions / 2,
		Revocations: &mayfly.RevocationsConfig{URL: server.URL}, HTTPClient: server.Client(),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	tokens := make([]string, sessions)
	var sent [sessions]atomic.Bool
	for n := range tokens {
		tokens[n] = tokenOf(t, "s"+strconv.Itoa(n))
	}
	mustVerify(t, v, tokens[0])

	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			var ended [sessions]bool
			for left := sessions / 2; left > 0 && !t.Failed(); {
				for n, token := range tokens {
					_, err := v.Verify(t.Context(), token)
					switch {
					case err == nil && ended[n]:
						t.Errorf("session %d was revoked and is good again", n)
					case errors.Is(err, mayfly.ErrTokenRevoked):
						if !sent[n].Load() {
							t.Errorf("session %d was never revoked", n)
						}
						if !ended[n] {
							ended[n] = true
							left--
						}
					case err != nil:
						t.Errorf("session %d: %v", n, err)
					}
				}
			}
		})
	}
	for _, n := range rand.Perm(sessions)[:sessions/2] {
		sent[n].Store(true)
		events <- revokedEvent(time.Hour, fmt.Sprint("s", n))
	}
	wg.Wait()
}

func TestRevocationsOfAWrongConfigurationNameTheFix(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*mayfly.VerifierConfig)
		want   string
	}{
		"plain http":        {func(c *mayfly.VerifierConfig) { c.Revocations.URL = "http://auth.example.com/v1/revocations" }, "Revocations.URL"},
		"an issuer's http":  {func(c *mayfly.VerifierConfig) { c.Issuer = "http://auth.example.com" }, "InsecureHTTP"},
		"less than nothing": {func(c *mayfly.VerifierConfig) { c.Revocations.MaxMarks = -1 }, "MaxMarks"},
		"a long leeway":     {func(c *mayfly.VerifierConfig) { c.Leeway = 2 * time.Minute }, "Leeway"},
	} {
		t.Run(name, func(t *testing.T) {
			c := mayfly.VerifierConfig{Issuer: feedIssuer, SharedSecret: []byte(feedSecret), Revocations: &mayfly.RevocationsConfig{}}
			test.change(&c)
			if _, err := mayfly.NewVerifier(c); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want something about %s", err, test.want)
			}
		})
	}
	v, err := mayfly.NewVerifier(mayfly.VerifierConfig{Issuer: feedIssuer})
	if err != nil {
		t.Fatal(err)
	}
	v.Close() // nothing to close
	if v.Feed() != (mayfly.FeedState{}) {
		t.Errorf("without Revocations: %+v", v.Feed())
	}
}
