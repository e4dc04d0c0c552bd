package server_test

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mayfly-auth/mayfly/server"
)

// Promise 8: a set-up in which browsers keep the cookies back never shows as "signed out after a reload"; it is named.
func TestPromise8_ACrossSiteSetUpIsNamedWithItsFix(t *testing.T) {
	for name, one := range map[string]struct {
		public, app string
		named       bool
	}{
		"the same origin":          {"https://app.example.com", "https://app.example.com", false},
		"sibling sub-domains":      {"https://auth.example.com", "https://app.example.com", false},
		"a suffix of two parts":    {"https://auth.example.co.uk", "https://app.example.co.uk", false},
		"another port":             {"http://localhost:8080", "http://localhost:3000", false},
		"another domain":           {"https://auth.example.com", "https://app.example.org", true},
		"neighbours on a suffix":   {"https://auth.co.uk", "https://app.co.uk", true},
		"one host for many people": {"https://auth.github.io", "https://app.github.io", true},
		"another scheme":           {"https://auth.example.com", "http://app.example.com", true},
		"two names of one machine": {"http://localhost:8080", "http://127.0.0.1:3000", true},
	} {
		t.Run(name, func(t *testing.T) {
			var log strings.Builder
			s, err := server.New(t.Context(), server.Config{
				PublicURL: one.public, AllowedOrigins: []string{one.app}, Data: t.TempDir(), Log: slog.New(slog.NewTextHandler(&log, nil)),
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			told := strings.Contains(log.String(), "different sites") && strings.Contains(log.String(), "fix=")
			if told != one.named {
				t.Errorf("the start says:\n%s", &log)
			}
		})
	}
}

func TestExamineFindsAnotherServerUnderThePublicURL(t *testing.T) {
	s, err := server.New(t.Context(), server.Config{PublicURL: "http://localhost:1", Data: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	other := httptest.NewServer(s)
	defer other.Close()
	for path, want := range map[string]string{
		"":         "calls itself http://localhost:1",
		"/nowhere": "is not Mayfly",
	} {
		found := server.Examine(t.Context(), server.Config{PublicURL: other.URL + path, Data: t.TempDir()})
		var told string
		for _, one := range found {
			if one.What == "public_url" {
				told += string(one.State) + " " + one.Detail + " " + one.Fix
			}
		}
		if !strings.HasPrefix(told, string(server.Broken)) || !strings.Contains(told, want) {
			t.Errorf("%s: %s", path, told)
		}
	}
}
