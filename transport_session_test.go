package mayfly_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mayfly-auth/mayfly"
)

func TestTheTokenGoesToNobodyElse(t *testing.T) {
	inWorld(t, 10*time.Minute, func(t *testing.T, w *world) {
		got := make(chan string, 1)
		spy := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got <- r.Header.Get("Authorization") })
		w.network.serve(t, "evil.localhost:80", spy)
		w.network.serve(t, "api.localhost:8080", spy)
		w.network.serve(t, "redirects.localhost:80", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, r.URL.Query().Get("to"), http.StatusTemporaryRedirect)
		}))
		transport, err := mayfly.NewTransport(mayfly.TransportConfig{
			URL: authURL, TokenOrigins: []string{apiURL, "http://redirects.localhost/"}, Storage: w.storage, Base: w.network,
		})
		if err != nil {
			t.Fatal(err)
		}
		w.client.Transport = transport
		for _, address := range []string{
			"http://evil.localhost/",
			"http://api.localhost:8080/",
			"http://redirects.localhost/?to=http://evil.localhost/",
			"http://redirects.localhost/?to=http://api.localhost:8080/",
		} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader("x"))
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := w.do(req); err != nil {
				t.Fatal(err)
			}
			if header := <-got; header != "" {
				t.Errorf("%s received %q", address, header)
			}
			if req.Header.Get("Authorization") != "" {
				t.Error("the caller's request was changed")
			}
		}
		// Another spelling of an allowed origin is that origin, and a redirect to one carries the token.
		for _, address := range []string{"http://API.localhost:80/", "http://redirects.localhost/?to=" + apiURL} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
			if err != nil {
				t.Fatal(err)
			}
			if status, _, err := w.do(req); err != nil || status != http.StatusOK {
				t.Errorf("%s: %d, %v", address, status, err)
			}
		}
	})
}

func TestARequestWithItsOwnAuthorizationPassesUntouched(t *testing.T) {
	inWorld(t, 10*time.Minute, func(t *testing.T, w *world) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, apiURL, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer another")
		if status, _, err := w.do(req); err != nil || status != http.StatusUnauthorized {
			t.Errorf("got %d, %v", status, err)
		}
		if w.count(&w.refreshes) != 0 || w.count(&w.calls) != 1 {
			t.Errorf("%d refreshes, %d calls", w.refreshes, w.calls)
		}
	})
}

func TestACallerThatGivesUpCancelsNoRefreshForOthers(t *testing.T) {
	inWorld(t, 10*time.Minute, func(t *testing.T, w *world) {
		w.set(func() {
			w.onRefresh = func(http.ResponseWriter, *http.Request) bool { time.Sleep(5 * time.Second); return false }
		})
		time.Sleep(10 * time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var calls sync.WaitGroup
		calls.Go(func() {
			if _, _, err := w.get(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the one that gave up: %v", err)
			}
		})
		synctest.Wait()
		calls.Go(func() { w.mustGet() })
		calls.Wait()
		if n := w.count(&w.refreshes); n != 1 {
			t.Errorf("%d refreshes", n)
		}
	})
}

func TestNoCallWaitsLongerThanTenSeconds(t *testing.T) {
	inWorld(t, 10*time.Minute, func(t *testing.T, w *world) {
		w.set(func() {
			w.onRefresh = func(rw http.ResponseWriter, r *http.Request) bool { silence(rw, r); return true }
		})
		time.Sleep(10 * time.Minute)
		start := time.Now()
		if _, _, err := w.get(t.Context()); !errors.Is(err, mayfly.ErrUnavailable) || time.Since(start) != 10*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}

// held makes the next refresh answer only after release is closed; the server has done its part before.
func (w *world) held() (release chan struct{}) {
	release = make(chan struct{})
	w.set(func() {
		w.onRefresh = func(http.ResponseWriter, *http.Request) bool { <-release; return false }
	})
	return release
}

func TestPromise6_ALateAnswerNeverUndoesASignOut(t *testing.T) {
	inWorld(t, 10*time.Minute, func(t *testing.T, w *world) {
		release := w.held()
		w.set(func() { w.onLogout = func(http.ResponseWriter, *http.Request) bool { return true } }) // it arrives too late to matter
		time.Sleep(10 * time.Minute)
		done := make(chan error)
		go func() { _, _, err := w.get(t.Context()); done <- err }()
		synctest.Wait()
		if err := w.transport.Logout(t.Context()); err != nil {
			t.Fatal(err)
		}
		close(release)
		if err := <-done; !errors.Is(err, mayfly.ErrSignedOut) {
			t.Errorf("the call that waited: %v", err)
		}
		if w.stored() != "" {
			t.Error("the late answer was stored")
		}
	})
}

func TestPromise6_ALateAnswerNeverOverwritesANewerSignIn(t *testing.T) {
	for name, signIn := range map[string]func(*world) error{
		"of this program": func(w *world) error { return w.transport.Login(w.Context(), "eve", "right") },
		"of another that shares the storage": func(w *world) error {
			return w.newTransport(w.storage).Login(w.Context(), "eve", "right")
		},
	} {
		// Late may be a pair of the old session, or the news that it has ended.
		for _, late := range []string{"a pair", "the end"} {
			t.Run(name+", "+late, func(t *testing.T) {
				inWorld(t, 10*time.Minute, func(t *testing.T, w *world) {
					release := make(chan struct{})
					w.set(func() {
						var once sync.Once
						w.onRefresh = func(rw http.ResponseWriter, _ *http.Request) (answered bool) {
							once.Do(func() {
								<-release
								answered = late == "a pair"
								if answered {
									rw.Header().Set("Content-Type", "application/json")
									_, _ = rw.Write([]byte(`{"access_token":"access-old","refresh_token":"mfr_1.2","expires_in":600,"session":{"id":"s-1"}}`))
								}
							})
							return answered
						}
					})
					time.Sleep(10 * time.Minute)
					done := make(chan string)
					go func() { _, body, _ := w.get(t.Context()); done <- body }()
					synctest.Wait()
					if err := signIn(w); err != nil {
						t.Fatal(err)
					}
					close(release)
					if body := <-done; !strings.HasPrefix(body, "access-2-") {
						t.Errorf("the call that waited was made with %q", body)
					}
					if n := w.count(&w.refreshes); name == "of this program" && n != 1 {
						t.Errorf("%d refreshes: the token of the new sign-in was thrown away", n)
					}
					if !strings.HasPrefix(w.stored(), "mfr_2.") {
						t.Errorf("the newer sign-in was overwritten with %q", w.stored())
					}
				})
			})
		}
	}
}

func TestARefusedCallIsNotRepeatedAsSomebodyElse(t *testing.T) {
	inWorld(t, 10*time.Minute, func(t *testing.T, w *world) {
		w.killAccess()
		release := make(chan struct{})
		w.set(func() { w.onCall = func(*http.Request) { <-release } })
		done := make(chan int)
		go func() { status, _, _ := w.get(t.Context()); done <- status }()
		synctest.Wait()
		if err := w.transport.Login(t.Context(), "eve", "right"); err != nil {
			t.Fatal(err)
		}
		close(release)
		if status := <-done; status != http.StatusUnauthorized || w.count(&w.calls) != 1 {
			t.Errorf("Ada's call went out as Eve's: %d, %d calls", status, w.count(&w.calls))
		}
	})
}

func TestProgramsThatShareAStorageDoNotLookLikeThieves(t *testing.T) {
	inWorld(t, 10*time.Minute, func(t *testing.T, w *world) {
		other := &http.Client{Transport: w.newTransport(w.storage)}
		for range 20 { // one is always several generations behind what it has last seen itself
			for range 3 {
				time.Sleep(11 * time.Minute)
				resp, err := other.Get(apiURL)
				if err != nil {
					t.Fatal(err)
				}
				_ = resp.Body.Close()
			}
			w.mustGet()
		}
	})
}

// fickle is a storage that can not write at times.
type fickle struct {
	mayfly.MemoryStorage
	err error
}

func (f *fickle) Save(ctx context.Context, token string) error {
	if f.err != nil {
		return f.err
	}
	return f.MemoryStorage.Save(ctx, token)
}

func TestAFullDiskSignsNobodyOut(t *testing.T) {
	inWorld(t, 10*time.Minute, func(t *testing.T, w *world) {
		full := errors.New("disk full")
		storage := new(fickle)
		w.client.Transport = w.newTransport(storage)
		if err := storage.Save(t.Context(), w.stored()); err != nil {
			t.Fatal(err)
		}
		storage.err = full
		for range 10 {
			if _, _, err := w.get(t.Context()); !errors.Is(err, full) || !errors.Is(err, mayfly.ErrUnavailable) {
				t.Fatalf("got %v", err)
			}
			time.Sleep(2 * time.Minute)
		}
		storage.err = nil
		w.mustGet()
	})
}

func TestADeadTokenThatCanNotBeRemovedIsSentOnce(t *testing.T) {
	inWorld(t, 10*time.Minute, func(t *testing.T, w *world) {
		storage := new(fickle)
		if err := storage.Save(t.Context(), w.stored()); err != nil {
			t.Fatal(err)
		}
		storage.err = errors.New("read-only")
		w.client.Transport = w.newTransport(storage)
		w.set(func() { w.ended = true })
		for range 10 {
			if _, _, err := w.get(t.Context()); !errors.Is(err, mayfly.ErrSignedOut) {
				t.Fatalf("got %v", err)
			}
		}
		if n := w.count(&w.refreshes); n != 1 {
			t.Errorf("%d refreshes", n)
		}
	})
}

// restless is a storage that never holds twice the same.
type restless struct{ n int }

func (r *restless) Load(context.Context) (string, error) {
	r.n++
	return "mfr_1.1" + strings.Repeat(" ", r.n), nil
}

func (r *restless) Save(context.Context, string) error { return nil }

func TestAStorageThatNeverRestsCausesNoLoop(t *testing.T) {
	inWorld(t, 10*time.Minute, func(t *testing.T, w *world) {
		w.client.Transport = w.newTransport(new(restless))
		if _, _, err := w.get(t.Context()); !errors.Is(err, mayfly.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
		if n := w.count(&w.refreshes); n > 3 {
			t.Errorf("%d refreshes", n)
		}
	})
}

// overtaken is a storage where a sign-in happens just after it was found empty.
type overtaken struct {
	mayfly.MemoryStorage
	meanwhile func()
}

func (o *overtaken) Load(ctx context.Context) (string, error) {
	token, err := o.MemoryStorage.Load(ctx)
	if meanwhile := o.meanwhile; meanwhile != nil {
		o.meanwhile = nil
		meanwhile()
	}
	return token, err
}

func TestASignInThatOvertakesALookIntoTheStorageCounts(t *testing.T) {
	inWorld(t, 10*time.Minute, func(t *testing.T, w *world) {
		storage := new(overtaken)
		transport := w.newTransport(storage)
		storage.meanwhile = func() {
			if err := transport.Login(t.Context(), "ada", "right"); err != nil {
				t.Error(err)
			}
		}
		w.client.Transport = transport
		w.mustGet()
	})
}

func TestPromise16_AnAbsurdLifeMakesNoLoop(t *testing.T) {
	for _, expiresIn := range []string{"0", "-600", "0.001", "null", "1e30"} {
		t.Run(expiresIn, func(t *testing.T) {
			inWorld(t, 10*time.Minute, func(t *testing.T, w *world) {
				w.set(func() { w.expiresIn = expiresIn })
				if err := w.transport.Login(t.Context(), "ada", "right"); err != nil {
					t.Fatal(err)
				}
				for range 100 {
					w.mustGet()
					time.Sleep(20 * time.Millisecond)
				}
				if n := w.count(&w.refreshes); n > 3 {
					t.Errorf("%d refreshes in two seconds", n)
				}
			})
		})
	}
}

func TestWithoutASessionNoCallIsMade(t *testing.T) {
	inWorld(t, 10*time.Minute, func(t *testing.T, w *world) {
		w.client.Transport = w.newTransport(nil)
		if _, _, err := w.get(t.Context()); !errors.Is(err, mayfly.ErrSignedOut) || !strings.Contains(err.Error(), "Login") {
			t.Errorf("got %v", err)
		}
		if w.count(&w.calls) != 0 || w.count(&w.refreshes) != 0 {
			t.Error("something was sent")
		}
	})
}

func TestLoginTellsWhatIsWrong(t *testing.T) {
	inWorld(t, 10*time.Minute, func(t *testing.T, w *world) {
		before := w.stored()
		err := w.transport.Login(t.Context(), "ada", "a wrong secret")
		problem := new(mayfly.Problem)
		if !errors.As(err, &problem) || problem.Code != "credentials_invalid" || errors.Is(err, mayfly.ErrSignedOut) {
			t.Errorf("got %v", err)
		}
		if strings.Contains(err.Error(), "a wrong secret") {
			t.Error("the password is in the error")
		}
		if w.stored() != before {
			t.Error("a failed sign-in ended the session that was there")
		}
		w.mustGet()
	})
}

func TestPromise11_SigningOutWorksWhileTheServerFails(t *testing.T) {
	inWorld(t, 10*time.Minute, func(t *testing.T, w *world) {
		w.set(func() {
			w.onLogout = func(rw http.ResponseWriter, _ *http.Request) bool {
				rw.WriteHeader(http.StatusBadGateway)
				return true
			}
		})
		if err := w.transport.Logout(t.Context()); err == nil {
			t.Error("it did not say that the server was not told")
		}
		if _, _, err := w.get(t.Context()); !errors.Is(err, mayfly.ErrSignedOut) || w.stored() != "" {
			t.Errorf("still signed in: %v", err)
		}
		w.set(func() { w.onLogout = nil })
		if err := w.transport.Logout(t.Context()); err != nil {
			t.Errorf("a second time: %v", err)
		}
	})
}

func TestLogoutEndsTheSessionAtTheServer(t *testing.T) {
	inWorld(t, 10*time.Minute, func(t *testing.T, w *world) {
		if err := w.transport.Logout(t.Context()); err != nil {
			t.Fatal(err)
		}
		if w.count(&w.logouts) != 1 || !w.ended {
			t.Error("the server was not told")
		}
	})
}

func TestNewTransportNamesTheFix(t *testing.T) {
	for name, test := range map[string]struct {
		config mayfly.TransportConfig
		want   string
	}{
		"no URL":            {mayfly.TransportConfig{}, "URL"},
		"plain http":        {mayfly.TransportConfig{URL: "http://auth.example.com"}, "InsecureHTTP"},
		"a password in it":  {mayfly.TransportConfig{URL: "https://ada:pw@auth.example.com"}, "URL"},
		"an API over http":  {mayfly.TransportConfig{URL: "https://a.example", TokenOrigins: []string{"http://b.example"}}, "TokenOrigins"},
		"an API with path":  {mayfly.TransportConfig{URL: "https://a.example", TokenOrigins: []string{"https://b.example/v1"}}, "https://b.example"},
		"an API without //": {mayfly.TransportConfig{URL: "https://a.example", TokenOrigins: []string{"b.example"}}, "TokenOrigins"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := mayfly.NewTransport(test.config)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want something about %s", err, test.want)
			}
			if strings.Contains(err.Error(), "pw") {
				t.Error("the password is in the error")
			}
		})
	}
}
