package api_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/internal/api/apitest"
	"github.com/mayfly-auth/mayfly/internal/door"
)

// No call of ours panics that we know of, so one that does is put behind the same entrance.
func TestPanicIsAPlainProblemAndItsTextStaysInside(t *testing.T) {
	const inner = "a text that is nobody's business"
	s := start(t)
	public, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	log := &apitest.Log{}
	entrance := door.New(door.Config{PublicURL: public, Log: slog.New(slog.NewTextHandler(log, nil)), Now: time.Now})
	broken := apitest.Check(t, s.URL, &coverage, entrance.Enter(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/openapi.json" {
			s.ServeHTTP(w, r)
			return
		}
		panic(inner)
	})))
	for _, call := range append(changes[:4:4], guarded...) {
		answer := httptest.NewRecorder()
		broken.ServeHTTP(answer, httptest.NewRequest(call.method, call.path, nil))
		if answer.Code != http.StatusInternalServerError || strings.Contains(answer.Body.String(), inner) {
			t.Errorf("%s: status %d: %s", call, answer.Code, answer.Body)
		}
	}
	if !strings.Contains(log.String(), inner) {
		t.Error("the log says nothing of it")
	}
}
