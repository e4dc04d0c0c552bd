package mayfly_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mayfly-auth/mayfly"
)

const (
	authURL = "http://auth.localhost"
	apiURL  = "http://api.localhost"
)

// world is a program, a network, Mayfly and an API, inside a bubble with a clock of its own.
type world struct {
	*standIn
	testing.TB
	network   *network
	storage   *mayfly.MemoryStorage
	transport *mayfly.Transport
	client    *http.Client
}

// inWorld runs a test signed in.
func inWorld(t *testing.T, life time.Duration, test func(*testing.T, *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{standIn: newStandIn(life), TB: t, network: newNetwork(t), storage: new(mayfly.MemoryStorage)}
		w.network.serve(t, "auth.localhost:80", w.standIn)
		w.network.serve(t, "api.localhost:80", http.HandlerFunc(w.api))
		w.transport = w.newTransport(w.storage)
		w.client = &http.Client{Transport: w.transport}
		if err := w.transport.Login(t.Context(), "ada", "right"); err != nil {
			t.Fatal(err)
		}
		test(t, w)
		synctest.Wait() // a refresh in the background ends before the servers do
	})
}

func (w *world) newTransport(storage mayfly.Storage) *mayfly.Transport {
	w.Helper()
	transport, err := mayfly.NewTransport(mayfly.TransportConfig{
		URL: authURL, TokenOrigins: []string{apiURL}, Storage: storage, Base: w.network,
	})
	if err != nil {
		w.Fatal(err)
	}
	return transport
}

// get calls the API and returns the status and what it said.
func (w *world) get(ctx context.Context) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, apiURL+"/notes", nil)
	if err != nil {
		w.Fatal(err)
	}
	return w.do(req)
}

func (w *world) do(req *http.Request) (int, string, error) {
	resp, err := w.client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

func (w *world) mustGet() string {
	w.Helper()
	status, body, err := w.get(w.Context())
	if err != nil || status != http.StatusOK {
		w.Fatalf("GET: %d, %v", status, err)
	}
	return body
}

func (w *world) stored() string {
	token, _ := w.storage.Load(w.Context())
	return token
}

func TestPromise4_ParallelCallsWithADeadTokenMakeOneRefresh(t *testing.T) {
	inWorld(t, 10*time.Minute, func(t *testing.T, w *world) {
		const parallel = 100
		w.killAccess()
		var arrived sync.WaitGroup
		arrived.Add(parallel)
		var first sync.Map
		w.set(func() {
			w.onCall = func(r *http.Request) { // all have sent the dead token before the first is refused
				if _, again := first.LoadOrStore(r.URL.RawQuery, true); !again {
					arrived.Done()
					arrived.Wait()
				}
			}
		})
		var calls sync.WaitGroup
		want := make([]string, parallel)
		for n := range parallel {
			want[n] = fmt.Sprintf("%d %s", n, strings.Repeat("body ", 100*n))
			calls.Go(func() {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, fmt.Sprintf("%s/notes?%d", apiURL, n), strings.NewReader(want[n]))
				if err != nil {
					t.Error(err)
					return
				}
				if status, _, err := w.do(req); err != nil || status != http.StatusOK {
					t.Errorf("call %d: %d, %v", n, status, err)
				}
			})
		}
		calls.Wait()
		if n := w.count(&w.refreshes); n != 1 {
			t.Errorf("%d refreshes", n)
		}
		if n := w.count(&w.calls); n != 2*parallel {
			t.Errorf("%d calls reached the API", n)
		}
		got := slices.Clone(w.bodies)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Error("a body did not arrive whole")
		}
	})
}

func TestPromise4_AStragglerMakesNoRefresh(t *testing.T) {
	inWorld(t, 10*time.Minute, func(t *testing.T, w *world) {
		w.killAccess()
		release := make(chan struct{})
		var once sync.Once
		w.set(func() {
			w.onCall = func(*http.Request) {
				hold := false
				once.Do(func() { hold = true })
				if hold {
					<-release
				}
			}
		})
		straggler := make(chan int)
		go func() {
			status, _, _ := w.get(t.Context())
			straggler <- status
		}()
		synctest.Wait()
		w.mustGet()
		close(release)
		if status := <-straggler; status != http.StatusOK {
			t.Errorf("the straggler got %d", status)
		}
		if n := w.count(&w.refreshes); n != 1 {
			t.Errorf("%d refreshes", n)
		}
	})
}

func TestPromise4_AnAPIThatRefusesEverythingCausesNoLoop(t *testing.T) {
	inWorld(t, 10*time.Minute, func(t *testing.T, w *world) {
		w.set(func() { w.ownRefusal = true })
		for range 50 {
			status, _, err := w.get(t.Context())
			if err != nil || status != http.StatusUnauthorized {
				t.Fatalf("the API's own answer got lost: %d, %v", status, err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if n := w.count(&w.refreshes); n != 1 {
			t.Errorf("%d refreshes", n)
		}
		if n := w.count(&w.calls); n != 51 {
			t.Errorf("%d calls for 50", n)
		}
		// A token that really dies is replaced again soon after.
		w.set(func() { w.ownRefusal = false })
		time.Sleep(30 * time.Second)
		w.killAccess()
		w.mustGet()
	})
}

func TestPromise4_ABodyIsSentWholeOrNotAtAll(t *testing.T) {
	inWorld(t, 10*time.Minute, func(t *testing.T, w *world) {
		post := func(body io.Reader) (int, error) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, apiURL+"/notes", body)
			if err != nil {
				t.Fatal(err)
			}
			status, _, err := w.do(req)
			return status, err
		}
		w.killAccess()
		if _, err := post(io.MultiReader(strings.NewReader("once"))); !errors.Is(err, mayfly.ErrBodyConsumed) {
			t.Errorf("a body that can be read once: %v", err)
		}
		if status, err := post(io.MultiReader(strings.NewReader("again"))); err != nil || status != http.StatusOK {
			t.Errorf("the next one: %d, %v", status, err)
		}
		time.Sleep(time.Minute)
		w.killAccess()
		if status, err := post(strings.NewReader("twice")); err != nil || status != http.StatusOK {
			t.Errorf("a body that can be read again: %d, %v", status, err)
		}
		if !slices.Equal(w.bodies, []string{"again", "twice"}) {
			t.Errorf("the API took %q", w.bodies)
		}
	})
}

// silence answers nothing for as long as the other side waits.
func silence(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// troubles are all that can happen to a refresh and says nothing about the session.
func troubles() map[string]http.HandlerFunc {
	answer := func(status int, contentType, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, text)
		}
	}
	const problem, ended = "application/problem+json", `{"code":"session_revoked","session_ended":true}`
	return map[string]http.HandlerFunc{
		"reset":                        func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"silence":                      silence,
		"429":                          answer(429, problem, `{"code":"too_many_attempts"}`),
		"500":                          answer(500, problem, `{"code":"internal"}`),
		"503":                          answer(503, problem, `{"code":"unavailable"}`),
		"a page":                       answer(200, "text/html", "<html>Sign in to the hotel</html>"),
		"a page with 401":              answer(401, "text/html", "<html>Sign in to the proxy</html>"),
		"a page with 403":              answer(403, "text/html", "<html>Blocked</html>"),
		"nothing":                      answer(200, "application/json", ""),
		"JSON of somebody else":        answer(200, "application/json", `{"access_token":"x"}`),
		"half an answer":               answer(200, "application/json", `{"access_token":"x","refresh_tok`),
		"a page with an answer's text": answer(200, "text/html", `{"access_token":"x","refresh_token":"y","expires_in":60}`),
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		},
		"401 without session_ended":     answer(401, problem, `{"code":"refresh_missing"}`),
		"session_ended as a string":     answer(401, problem, `{"code":"x","session_ended":"true"}`),
		"session_ended in other JSON":   answer(401, "application/json", ended),
		"session_ended with 500":        answer(500, problem, ended),
		"session_ended with 200":        answer(200, problem, ended),
		"session_ended, then cut short": answer(401, problem, ended[:len(ended)-1]),
	}
}

func TestPromise3_OnlyATerminalAnswerSignsOut(t *testing.T) {
	for name, answer := range troubles() {
		t.Run(name, func(t *testing.T) {
			inWorld(t, 10*time.Minute, func(t *testing.T, w *world) {
				before := w.stored()
				w.set(func() {
					w.onRefresh = func(rw http.ResponseWriter, r *http.Request) bool { answer(rw, r); return true }
				})
				time.Sleep(10 * time.Minute) // the access token is dead
				start := time.Now()
				for time.Since(start) < time.Minute {
					_, _, err := w.get(t.Context())
					if !errors.Is(err, mayfly.ErrUnavailable) || errors.Is(err, mayfly.ErrSignedOut) {
						t.Fatalf("got %v", err)
					}
					time.Sleep(time.Second)
				}
				if n := w.count(&w.refreshes); n < 3 || n > 8 {
					t.Errorf("%d refreshes in a minute", n)
				}
				if w.stored() != before {
					t.Error("the refresh token was touched")
				}
				w.set(func() { w.onRefresh = nil })
				time.Sleep(75 * time.Second)
				w.mustGet()
			})
		})
	}
}

func TestPromise3_NoNetworkIsNoSignOut(t *testing.T) {
	inWorld(t, 10*time.Minute, func(t *testing.T, w *world) {
		time.Sleep(10 * time.Minute)
		w.network.mu.Lock()
		host := w.network.hosts["auth.localhost:80"]
		delete(w.network.hosts, "auth.localhost:80")
		w.network.mu.Unlock()
		w.network.CloseIdleConnections()
		if _, _, err := w.get(t.Context()); !errors.Is(err, mayfly.ErrUnavailable) || !errors.Is(err, errUnreachable) {
			t.Errorf("got %v", err)
		}
		w.network.mu.Lock()
		w.network.hosts["auth.localhost:80"] = host
		w.network.mu.Unlock()
		time.Sleep(2 * time.Second)
		w.mustGet()
	})
}

func TestPromise3_TheServerSaysWhenToComeBack(t *testing.T) {
	inWorld(t, 10*time.Minute, func(t *testing.T, w *world) {
		for name, header := range map[string]http.Header{
			"seconds": {"Retry-After": {"120"}},
			// Both dates are far from our clock; what counts is what lies between them.
			"a date": {"Retry-After": {"Mon, 02 Jan 2006 15:06:05 GMT"}, "Date": {"Mon, 02 Jan 2006 15:04:05 GMT"}},
		} {
			w.set(func() {
				w.refreshes = 0
				w.onRefresh = func(rw http.ResponseWriter, _ *http.Request) bool {
					for name, values := range header {
						rw.Header()[name] = values
					}
					rw.WriteHeader(http.StatusServiceUnavailable)
					return true
				}
			})
			time.Sleep(10 * time.Minute)
			_, _, err := w.get(t.Context())
			problem := new(mayfly.Problem)
			if !errors.As(err, &problem) || problem.RetryAfter != 2*time.Minute {
				t.Fatalf("%s: %v", name, err)
			}
			time.Sleep(2*time.Minute - time.Second)
			if _, _, err := w.get(t.Context()); !errors.Is(err, mayfly.ErrUnavailable) || w.count(&w.refreshes) != 1 {
				t.Errorf("%s: %d refreshes before the time, %v", name, w.count(&w.refreshes), err)
			}
			w.set(func() { w.onRefresh = nil })
			time.Sleep(time.Minute)
			w.mustGet()
		}
	})
}

func TestPromise3_ATroubledRefreshLeavesALivingTokenInUse(t *testing.T) {
	inWorld(t, 10*time.Minute, func(t *testing.T, w *world) {
		w.set(func() {
			w.onRefresh = func(rw http.ResponseWriter, r *http.Request) bool { silence(rw, r); return true }
		})
		time.Sleep(9*time.Minute + time.Second) // the token has 59 s left
		start := time.Now()
		for range 50 {
			w.mustGet()
			time.Sleep(time.Second)
		}
		if late := time.Since(start) - 50*time.Second; late != 0 {
			t.Errorf("the calls waited %v for a refresh that they did not need", late)
		}
	})
}

func TestATerminalAnswerSignsOutAndSaysWhy(t *testing.T) {
	inWorld(t, 10*time.Minute, func(t *testing.T, w *world) {
		w.set(func() { w.ended = true })
		time.Sleep(10 * time.Minute)
		for range 3 {
			_, _, err := w.get(t.Context())
			problem := new(mayfly.Problem)
			if !errors.Is(err, mayfly.ErrSignedOut) || errors.Is(err, mayfly.ErrUnavailable) || !errors.As(err, &problem) {
				t.Fatalf("got %v", err)
			}
			if problem.Code != "session_revoked" || problem.Reason != "signed_out_elsewhere" || problem.Status != 401 {
				t.Errorf("got %+v", problem)
			}
		}
		if w.stored() != "" || w.count(&w.refreshes) != 1 {
			t.Errorf("the dead token is kept as %q, %d refreshes", w.stored(), w.count(&w.refreshes))
		}
		if err := w.transport.Login(t.Context(), "ada", "right"); err != nil {
			t.Fatal(err)
		}
		w.mustGet()
	})
}

func TestPromise16_RefreshesFollowTheLifeOfTheToken(t *testing.T) {
	for _, life := range []time.Duration{5 * time.Second, time.Minute, 10 * time.Minute, 24 * time.Hour} {
		t.Run(life.String(), func(t *testing.T) {
			inWorld(t, life, func(t *testing.T, w *world) {
				const lives = 10
				lead := min(time.Minute, life/5)
				for start := time.Now(); time.Since(start) < lives*life; time.Sleep(life / 50) {
					w.mustGet()
				}
				want := int(lives * life / (life - lead))
				if n := w.count(&w.refreshes); n < want-1 || n > want+1 {
					t.Errorf("%d refreshes in %d lives, %d expected", n, lives, want)
				}
				if n := w.count(&w.refused); n != 0 {
					t.Errorf("%d calls were refused", n)
				}
				time.Sleep(100 * life) // nobody calls: nothing happens, and the first call after it works
				before := w.count(&w.refreshes)
				w.mustGet()
				if n := w.count(&w.refreshes) - before; n != 1 {
					t.Errorf("%d refreshes after a long sleep", n)
				}
			})
		})
	}
}
