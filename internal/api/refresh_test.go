package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/internal/api/apitest"
	"github.com/mayfly-auth/mayfly/internal/session"
)

func TestRefreshByCookieAndByBody(t *testing.T) {
	s := start(t)
	for _, delivery := range []string{"cookie", "hybrid", "body"} {
		person := s.SignUp(delivery)
		before := person.Cookie("refresh") + person.RefreshToken
		person.Refresh().Want(200)
		if now := person.Cookie("refresh") + person.RefreshToken; now != before {
			t.Errorf("%s: the window is not over, and the token changed", delivery)
		}
		s.Clock.Advance(afterWindow)
		person.Refresh().Want(200)
		if now := person.Cookie("refresh") + person.RefreshToken; now == before {
			t.Errorf("%s: the window is over, and the token stayed", delivery)
		}
	}
}

func TestBodyComesBeforeTheCookie(t *testing.T) {
	s := start(t)
	browser, program := s.SignUp("cookie"), s.SignUp("body")
	got := browser.Post("/v1/refresh", map[string]string{"refresh_token": program.RefreshToken}).Want(200)
	if got.Text("user.email") != program.Email || len(got.Cookies) > 0 {
		t.Errorf("the session of the cookie was refreshed, not that of the body")
	}
	// A bad token in the body never falls back, and is not the cookie's business: the browser stays signed in.
	got = browser.Post("/v1/refresh", map[string]string{"refresh_token": "mfr_garbage"}).WantProblem(401, "refresh_invalid")
	if len(got.Cookies) > 0 {
		t.Error("a bad token in the body takes away the cookies of another session")
	}
	browser.Refresh().Want(200)
	// An empty one is none.
	browser.Post("/v1/refresh", map[string]string{"refresh_token": ""}).Want(200)
	browser.Post("/v1/refresh", "{}").Want(200)
}

func TestRefreshAnswersInTheDeliveryOfTheSession(t *testing.T) {
	s := start(t)
	browser := s.SignUp("cookie")
	got := s.Client().Post("/v1/refresh", map[string]string{"refresh_token": browser.Cookie("refresh")}).Want(200)
	if got.Cookie("mayfly_refresh") == nil || got.Value("refresh_token") != nil {
		t.Error("a session of delivery cookie was answered in the body")
	}
}

// endings are the ways in which a session of a device ends, and what its next refresh is told.
var endings = []struct {
	name   string
	end    func(t *testing.T, s *apitest.Server, device *apitest.Client)
	code   string
	reason string
	kept   bool // the cookies, which are already right
}{
	{"used twice", func(_ *testing.T, s *apitest.Server, device *apitest.Client) {
		copied := device.Cookie("refresh")
		for range 2 {
			s.Clock.Advance(afterWindow)
			device.Refresh().Want(200)
		}
		s.Client().Post("/v1/refresh", nil, With("Cookie", "mayfly_refresh="+copied)).WantProblem(401, "refresh_reused")
	}, "refresh_reused", "refresh_reused", false},
	{"idle", func(_ *testing.T, s *apitest.Server, _ *apitest.Client) {
		s.Clock.Advance(30 * 24 * time.Hour)
	}, "session_expired", "idle_expired", false},
	{"greatest age", func(_ *testing.T, s *apitest.Server, device *apitest.Client) {
		for range 4 {
			s.Clock.Advance(20 * 24 * time.Hour)
			device.Refresh().Want(200)
		}
		s.Clock.Advance(10 * 24 * time.Hour)
	}, "session_expired", "expired", false},
	{"signed out", func(_ *testing.T, s *apitest.Server, device *apitest.Client) {
		s.Client().Post("/v1/logout", nil, With("Cookie", "mayfly_refresh="+device.Cookie("refresh"))).Want(204)
	}, "session_revoked", "signed_out", true},
	{"signed out elsewhere", func(_ *testing.T, _ *apitest.Server, device *apitest.Client) {
		device.Login("body").Delete("/v1/sessions?keep=current", nil).Want(204)
	}, "session_revoked", "signed_out_elsewhere", false},
	{"signed out everywhere", func(_ *testing.T, _ *apitest.Server, device *apitest.Client) {
		device.Login("body").Logout("?scope=all").Want(204)
	}, "session_revoked", "signed_out_everywhere", false},
	{"password changed", func(_ *testing.T, _ *apitest.Server, device *apitest.Client) {
		device.Login("body").Post("/v1/me/password", map[string]string{
			"current_password": device.Password, "new_password": "seven looms sing of numbers",
		}).Want(204)
	}, "session_revoked", "password_changed", false},
	{"ended by an administrator", func(t *testing.T, s *apitest.Server, device *apitest.Client) {
		rooms := s.Rooms()
		rec, err := rooms.Sessions.Identify(t.Context(), device.Cookie("refresh"))
		if err == nil {
			_, err = rooms.Sessions.End(t.Context(), rec.User, rec.ID, session.EndedByAdmin)
		}
		if err != nil {
			t.Fatal(err)
		}
	}, "session_revoked", "ended_by_administrator", false},
	{"disabled", func(t *testing.T, s *apitest.Server, device *apitest.Client) { disable(t, s, device) }, "user_disabled", "user_disabled", false},
	{"deleted", func(_ *testing.T, _ *apitest.Server, device *apitest.Client) {
		device.Login("body").Delete("/v1/me", map[string]string{"current_password": device.Password}).Want(204)
	}, "refresh_invalid", "", false},
}

func TestPromise21_EachTerminalCauseHasItsOwnCode(t *testing.T) {
	for _, test := range endings {
		t.Run(test.name, func(t *testing.T) {
			s := start(t)
			device := s.SignUp("cookie")
			test.end(t, s, device)
			token := device.Cookie("refresh")
			for range 2 { // a late client is told the same again
				got := s.Client().Post("/v1/refresh", nil, With("Cookie", "mayfly_refresh="+token)).WantProblem(401, test.code)
				if !got.Ended() || got.Text("reason") != test.reason {
					t.Errorf("ended %v, reason %q: want true, %q", got.Ended(), got.Text("reason"), test.reason)
				}
				if cleared := clearsAll(got); cleared == test.kept {
					t.Errorf("the cookies are cleared: %v, want %v", cleared, !test.kept)
				}
				byBody := s.Client().Post("/v1/refresh", map[string]string{"refresh_token": token}).WantProblem(401, test.code)
				if len(byBody.Cookies) > 0 {
					t.Error("a refresh by body touches cookies")
				}
			}
		})
	}
}

func clearsAll(a *apitest.Answer) bool {
	if len(a.Cookies) == 0 {
		return false
	}
	for _, name := range []string{"mayfly_access", "mayfly_refresh", "mayfly_signed_in"} {
		if c := a.Cookie(name); c == nil || c.MaxAge != -1 || c.Value != "" {
			return false
		}
	}
	return true
}

func TestPromise21_TheHistoryTellsTheSame(t *testing.T) {
	for _, test := range endings {
		if test.reason == "" || test.reason == "user_disabled" || test.reason == "password_changed" {
			continue // nobody is left to ask, or the password of the test has changed
		}
		t.Run(test.name, func(t *testing.T) {
			s := start(t)
			device := s.SignUp("cookie")
			id := device.Post("/v1/refresh", nil).Want(200).Text("session.id")
			test.end(t, s, device)
			rows := sessions(device.Login("body").Get("/v1/sessions?ended=true").Want(200))
			if got := rows[id]; got.EndReason != test.reason || got.EndedAt.IsZero() {
				t.Errorf("the history says %q at %v, want %q", got.EndReason, got.EndedAt, test.reason)
			}
		})
	}
}

// Only a terminal answer signs out: whatever else goes wrong, the cookies stay.
func TestPromise3_NoOtherAnswerTouchesTheCookies(t *testing.T) {
	s := start(t)
	device := s.SignUp("cookie")
	for name, got := range map[string]*apitest.Answer{
		"no token":      s.Client().Post("/v1/refresh", nil).WantProblem(401, "refresh_missing"),
		"broken JSON":   device.Post("/v1/refresh", "{").Want(400),
		"no JSON":       device.Post("/v1/refresh", "x", With("Content-Type", "text/plain")).Want(415),
		"unknown field": device.Post("/v1/refresh", map[string]string{"token": "x"}).Want(422),
		"foreign page":  device.Post("/v1/refresh", nil, With("Origin", "https://evil.example")).Want(403),
		"too large":     device.Post("/v1/refresh", `{"refresh_token":"`+strings.Repeat("x", 64<<10)+`"}`).Want(413),
	} {
		if len(got.Cookies) > 0 || got.Ended() {
			t.Errorf("%s: signs the person out", name)
		}
	}
	s.Break()
	got := device.Post("/v1/refresh", nil).WantProblem(503, "unavailable")
	if len(got.Cookies) > 0 || got.Ended() {
		t.Error("a database that does not answer signs the person out")
	}
	s.Restart()
	device.Refresh().Want(200)
}

func TestTokensSurviveARestart(t *testing.T) {
	s := start(t)
	device := s.SignUp("body")
	s.Restart()
	device.Get("/v1/me").Want(200)
	device.Refresh().Want(200)
}
