package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// stream is an open answer of GET /v1/revocations.
type stream struct {
	*testing.T
	response *http.Response
	lines    *bufio.Reader
	leave    context.CancelFunc
}

// happening is one event of a stream.
type happening struct {
	Name, ID string
	Sessions []string `json:"sessions"`
	Expires  int      `json:"expires_in"`
}

// follow opens a stream that is left when the test ends, and reads up to the first event.
func follow(t *testing.T, url, lastEventID string) *stream {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute) // a guard against hanging
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/v1/revocations", nil)
	if err != nil {
		t.Fatal(err)
	}
	if lastEventID != "" {
		r.Header.Set("Last-Event-ID", lastEventID)
	}
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	s := &stream{T: t, response: response, lines: bufio.NewReader(response.Body)}
	s.leave = func() { cancel(); response.Body.Close() }
	t.Cleanup(s.leave)
	if response.StatusCode != http.StatusOK {
		t.Fatalf("status %d", response.StatusCode)
	}
	if got := s.block(); !slices.Equal(got, []string{"retry: 1000"}) {
		t.Fatalf("the stream begins with %q", got)
	}
	return s
}

// block returns the lines up to the next empty one.
func (s *stream) block() (lines []string) {
	s.Helper()
	for {
		line, err := s.lines.ReadString('\n')
		if err != nil {
			s.Fatalf("the stream has ended: %v after %q", err, lines)
		}
		if line == "\n" {
			return lines
		}
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
}

func (s *stream) next() (h happening) {
	s.Helper()
	for _, line := range s.block() {
		field, value, _ := strings.Cut(line, ": ")
		switch field {
		case "event":
			h.Name = value
		case "id":
			h.ID = value
		case "data":
			if err := json.Unmarshal([]byte(value), &h); err != nil {
				s.Fatalf("%v: %s", err, value)
			}
		default:
			s.Fatalf("the line %q", line)
		}
	}
	return h
}

// current reads up to the next `current` and returns it, and the marks that came before.
func (s *stream) current() (h happening, marks []string) {
	s.Helper()
	for {
		switch h = s.next(); h.Name {
		case "current":
			return h, marks
		case "revoked":
			marks = append(marks, h.Sessions...)
		default:
			s.Fatalf("the event %q", h.Name)
		}
	}
}

// hears reads on until the mark has come.
func (s *stream) hears(what, mark string) (h happening) {
	s.Helper()
	for {
		if h = s.next(); slices.Contains(h.Sessions, mark) {
			return h
		} else if len(h.Sessions) > 0 {
			s.Fatalf("%s: %q is named, not %s", what, h.Sessions, mark)
		}
	}
}
