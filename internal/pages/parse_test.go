package pages

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/internal/door"
	"github.com/mayfly-auth/mayfly/internal/session"
)

func FuzzForm(f *testing.F) {
	for _, seed := range []string{"", "identifier=a&password=b", "identifier=a&identifier=b", "%zz", "a=%00&identifier=%ff", "identifier=;x", "=&&=", "identifier"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest(http.MethodPost, "/login?identifier=from-the-address", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		form := (&pages{}).loginForm("")
		err := form.read(r)
		var refused *door.RequestError
		switch values, parseErr := url.ParseQuery(body); {
		case err != nil && !errors.As(err, &refused):
			t.Fatalf("%v is no RequestError", err)
		case err == nil && parseErr != nil:
			t.Fatal("a broken body was read")
		case err == nil && (form.value("identifier") != values.Get("identifier") || len(values["identifier"]) > 1):
			t.Fatalf("read %q from %q", form.value("identifier"), body)
		}
	})
}

func FuzzNext(f *testing.F) {
	for _, seed := range []string{"/auth/account", "//evil.example", "/\\evil", "https:x", "/auth/account\r\n"} {
		f.Add(seed)
	}
	p := &pages{Config: Config{Door: door.New(door.Config{PublicURL: &url.URL{Scheme: "http", Host: "localhost", Path: "/auth"}})}}
	f.Fuzz(func(t *testing.T, wanted string) {
		if got := p.next(wanted); got != accountPath {
			t.Fatalf("next(%q) = %q, which is no page to go to", wanted, got)
		}
	})
}

func TestSpansAreNeverToldShorterThanTheyAre(t *testing.T) {
	for span, want := range map[time.Duration]string{
		0:                                "1 second",
		time.Millisecond:                 "1 second",
		90 * time.Second:                 "1 minute 30 seconds",
		59*time.Second + time.Nanosecond: "1 minute",
		10 * time.Minute:                 "10 minutes",
		24*time.Hour + time.Second:       "1 day 1 hour",
		30 * 24 * time.Hour:              "30 days",
		25*time.Hour + 59*time.Minute:    "1 day 2 hours",
	} {
		if got := inWords(span); got != want {
			t.Errorf("inWords(%s) = %q, want %q", span, got, want)
		}
	}
}

func TestEveryReasonHasWordsOfItsOwn(t *testing.T) {
	seen := map[string]session.Reason{"Ended": "unknown"}
	for _, reason := range []session.Reason{
		session.SignedOut, session.SignedOutElsewhere, session.SignedOutEverywhere, session.Replaced, session.PasswordChanged,
		session.UserDisabled, session.EndedByAdmin, session.RefreshReused, session.IdleExpired, session.Expired,
	} {
		words := reasonInWords(reason)
		if other, ok := seen[words]; ok {
			t.Errorf("%s and %s are both %q", reason, other, words)
		}
		seen[words] = reason
	}
}
