package load_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/bench/load"
)

// serve returns the address of a real server.
func serve(t *testing.T, h http.HandlerFunc) string {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func run(t *testing.T, address string, users ...load.User) load.Result {
	t.Helper()
	result, err := load.Run(address, users, 10*time.Millisecond, 100*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestAChainPresentsTheTokenItWasGivenLast(t *testing.T) {
	var newest, wrong atomic.Int64
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		c, err := r.Cookie("token")
		if err != nil || r.Method != http.MethodPost || c.Value != strconv.FormatInt(newest.Load(), 10) {
			wrong.Add(1)
		}
		http.SetCookie(w, &http.Cookie{Name: "other", Value: "x"})
		http.SetCookie(w, &http.Cookie{Name: "token", Value: strconv.FormatInt(newest.Add(1), 10), HttpOnly: true})
	})
	result := run(t, address, &load.Chain{Path: "/", Cookie: "token", Tokens: []string{"0"}})
	if wrong.Load() > 0 || result.Errors > 0 {
		t.Errorf("%d requests had another token than the newest; errors: %d, %v", wrong.Load(), result.Errors, result.Err)
	}
	if n := newest.Load(); int64(result.Answers) > n || result.Answers == 0 {
		t.Errorf("%d answers were counted of %d", result.Answers, n)
	}
}

func TestAnAnswerThatIsNotRightIsAnError(t *testing.T) {
	var n atomic.Int64
	address := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if n.Add(1)%2 == 0 {
			http.Error(w, "no", http.StatusServiceUnavailable)
		}
	})
	result := run(t, address, &load.Fixed{Requests: [][]byte{load.Get("/")}, Status: http.StatusOK})
	if result.Answers == 0 || result.Errors < result.Answers-1 {
		t.Errorf("%d answers, %d errors, where every other request fails", result.Answers, result.Errors)
	}
	if result.Err == nil || !strings.Contains(result.Err.Error(), "503") {
		t.Errorf("the first error is %v", result.Err)
	}
}

func TestAServerThatGivesNoRightAnswerFailsTheRun(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusInternalServerError) })
	users := []load.User{&load.Fixed{Requests: [][]byte{load.Get("/")}, Status: http.StatusOK}}
	if _, err := load.Run(address, users, 0, 50*time.Millisecond); err == nil {
		t.Error("the run succeeded")
	}
}

func TestBodiesOfEveryFramingAreRead(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/whole":
			fmt.Fprint(w, "all of it")
		case "/pieces":
			for _, piece := range []string{"all", " of", " it"} {
				fmt.Fprint(w, piece)
				_ = http.NewResponseController(w).Flush()
			}
		}
	})
	for _, path := range []string{"/whole", "/pieces"} {
		body := &reader{request: load.Get(path)}
		if run(t, address, body); body.got != "all of it" {
			t.Errorf("%s: %q", path, body.got)
		}
	}
}

func TestPostSendsItsBodyAndFields(t *testing.T) {
	var got atomic.Value
	address := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		body := make([]byte, r.ContentLength)
		_, _ = r.Body.Read(body)
		got.Store(r.Header.Get("X-From") + " " + string(body))
	})
	run(t, address, &load.Fixed{Requests: [][]byte{load.Post("/", `{"a":1}`, "X-From: here")}, Status: http.StatusOK})
	if got.Load() != `here {"a":1}` {
		t.Errorf("the server got %q", got.Load())
	}
}

func TestLatencyIsOfTheSortedAnswers(t *testing.T) {
	address := serve(t, func(http.ResponseWriter, *http.Request) {})
	result := run(t, address, &load.Fixed{Requests: [][]byte{load.Get("/")}, Status: http.StatusOK})
	if low, high := result.Latency(.5), result.Latency(.999); low <= 0 || low > high {
		t.Errorf("half of the answers came within %v, nearly all within %v", low, high)
	}
}

type reader struct {
	request []byte
	got     string
}

func (r *reader) Request(b []byte) []byte { return append(b, r.request...) }

func (r *reader) Take(a load.Answer) error {
	r.got = string(a.Body)
	return nil
}
