package apitest

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// secrets collects every token and password that goes over the wire.
type secrets struct {
	mu   sync.Mutex
	seen map[string]bool
}

// secretMembers are the members of bodies that nobody else may read.
var secretMembers = regexp.MustCompile(`^(password|current_password|new_password|access_token|refresh_token)$`)

// watch hands on to next and collects.
func (s *secrets) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request := listen(r)
		for _, c := range r.Cookies() {
			s.add(c.Value)
		}
		if _, token, found := strings.Cut(r.Header.Get("Authorization"), " "); found {
			s.add(token)
		}
		copied := record(w)
		next.ServeHTTP(copied, r)
		s.collect(request.Bytes())
		s.collect(copied.body.Bytes())
		for _, c := range (&http.Response{Header: copied.Header()}).Cookies() {
			s.add(c.Value)
		}
	})
}

func (s *secrets) collect(body []byte) {
	var members map[string]jsontext.Value
	if json.Unmarshal(body, &members) != nil {
		return
	}
	for name, raw := range members {
		var value string
		if secretMembers.MatchString(name) && json.Unmarshal(raw, &value) == nil {
			s.add(value)
		}
	}
}

// add leaves out what is too short to be found by chance alone.
func (s *secrets) add(value string) {
	if len(value) < 8 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil {
		s.seen = map[string]bool{}
	}
	s.seen[value] = true
}

func (s *secrets) lookIn(t testing.TB, log string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for value := range s.seen {
		if strings.Contains(log, value) {
			t.Errorf("a token or password of %d characters stands in the log", len(value))
		}
	}
}
