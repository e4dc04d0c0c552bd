package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/internal/api/apitest"
)

func TestPromise11_SigningOutAlwaysWorks(t *testing.T) {
	nothing := func(*testing.T, *apitest.Server, *apitest.Client) {}
	cookies := func(*http.Request) {}
	for _, test := range []struct {
		name   string
		before func(*testing.T, *apitest.Server, *apitest.Client)
		body   any
		edit   func(*http.Request)
	}{
		{"live", nothing, nil, cookies},
		{"access token expired", func(_ *testing.T, s *apitest.Server, _ *apitest.Client) { s.Clock.Advance(accessLife) }, nil, cookies},
		{"session expired", func(_ *testing.T, s *apitest.Server, _ *apitest.Client) { s.Clock.Advance(91 * 24 * time.Hour) }, nil, cookies},
		{"revoked", func(_ *testing.T, _ *apitest.Server, c *apitest.Client) {
			c.Login("body").Logout("?scope=all").Want(204)
		}, nil, cookies},
		{"deleted user", func(_ *testing.T, _ *apitest.Server, c *apitest.Client) {
			c.Login("body").Delete("/v1/me", map[string]string{"current_password": c.Password}).Want(204)
		}, nil, cookies},
		{"disabled user", func(t *testing.T, s *apitest.Server, c *apitest.Client) { disable(t, s, c) }, nil, cookies},
		{"garbage in the body", nothing, map[string]string{"refresh_token": "garbage"}, cookies},
		{"broken body", nothing, "{", cookies},
		{"not JSON", nothing, "bye", With("Content-Type", "text/plain;charset=UTF-8")},
		{"unknown member", nothing, map[string]string{"token": "x"}, cookies},
		{"large body", nothing, strings.Repeat("x", 70<<10), cookies},
		{"garbage header", nothing, nil, With("Authorization", "Bearer garbage")},
		{"garbage cookies", nothing, nil, With("Cookie", "mayfly_refresh=x; mayfly_access=y")},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := start(t)
			device := s.SignUp("cookie")
			test.before(t, s, device)
			for range 2 { // doing it again is fine
				if got := device.Post("/v1/logout", test.body, test.edit).Want(204); !clearsAll(got) {
					t.Error("the cookies stay")
				}
			}
		})
	}
}

// Whatever of the pair is left is enough, and the session is really over.
func TestPromise11_EachCredentialEndsItsSession(t *testing.T) {
	for _, test := range []struct {
		name, delivery string
		out            func(s *apitest.Server, c *apitest.Client) *apitest.Answer
	}{
		{"refresh cookie", "hybrid", func(s *apitest.Server, c *apitest.Client) *apitest.Answer {
			return s.Client().Post("/v1/logout", nil, With("Cookie", "mayfly_refresh="+c.Cookie("refresh")))
		}},
		{"refresh cookie beside a broken body", "hybrid", func(s *apitest.Server, c *apitest.Client) *apitest.Answer {
			return s.Client().Post("/v1/logout", "{", With("Cookie", "mayfly_refresh="+c.Cookie("refresh")))
		}},
		{"refresh cookie beside a body that is not declared", "hybrid", func(s *apitest.Server, c *apitest.Client) *apitest.Answer {
			return s.Client().Post("/v1/logout", "{}", With("Cookie", "mayfly_refresh="+c.Cookie("refresh")), With("Content-Type", "text/plain"))
		}},
		{"refresh token in the body", "body", func(s *apitest.Server, c *apitest.Client) *apitest.Answer {
			return s.Client().Post("/v1/logout", map[string]string{"refresh_token": c.RefreshToken})
		}},
		{"access cookie", "cookie", func(s *apitest.Server, c *apitest.Client) *apitest.Answer {
			return s.Client().Post("/v1/logout", nil, With("Cookie", "mayfly_access="+c.Cookie("access")))
		}},
		{"access token in the header", "body", func(s *apitest.Server, c *apitest.Client) *apitest.Answer {
			return s.Client().Post("/v1/logout", nil, With("Authorization", "Bearer "+c.Bearer))
		}},
		{"expired access token", "body", func(s *apitest.Server, c *apitest.Client) *apitest.Answer {
			s.Clock.Advance(accessLife)
			return s.Client().Post("/v1/logout", nil, With("Authorization", "Bearer "+c.Bearer))
		}},
		{"old generation", "body", func(s *apitest.Server, c *apitest.Client) *apitest.Answer {
			old := c.RefreshToken
			for range 3 {
				s.Clock.Advance(afterWindow)
				c.Refresh().Want(200)
			}
			return s.Client().Post("/v1/logout", map[string]string{"refresh_token": old})
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := start(t)
			device := s.SignUp(test.delivery)
			other := device.Login("body")
			test.out(s, device).Want(204)
			got := device.Refresh().WantProblem(401, "session_revoked")
			if got.Text("reason") != "signed_out" {
				t.Errorf("reason %q", got.Text("reason"))
			}
			other.Refresh().Want(200)
		})
	}
}

func TestLogoutScopes(t *testing.T) {
	for _, test := range []struct {
		query       string
		here, there bool // go on
	}{
		{"", false, true},
		{"?scope=local", false, true},
		{"?scope=others", true, false},
		{"?scope=all", false, false},
	} {
		t.Run("scope"+test.query, func(t *testing.T) {
			s := start(t)
			here := s.SignUp("cookie")
			there, stranger := here.Login("body"), s.SignUp("body")
			token := here.Cookie("refresh")
			got := here.Logout(test.query).Want(204)
			if cleared := clearsAll(got); cleared == test.here {
				t.Errorf("the cookies are cleared: %v", cleared)
			}
			goesOn(t, s.Client().Post("/v1/refresh", map[string]string{"refresh_token": token}), test.here)
			goesOn(t, there.Refresh(), test.there)
			stranger.Refresh().Want(200)
		})
	}
	s := start(t)
	for _, query := range []string{"?scope=everything", "?scope=local&scope=all", "?scope="} {
		s.SignUp("cookie").Logout(query).WantProblem(400, "request_invalid")
	}
}

func goesOn(t *testing.T, a *apitest.Answer, want bool) {
	t.Helper()
	if (a.Status == 200) != want {
		t.Errorf("the session goes on: status %d, want %v", a.Status, want)
	}
}

// Somebody with an old copy must not be able to sign a person out of their devices.
func TestDeadCredentialEndsNoOtherSession(t *testing.T) {
	s := start(t)
	device := s.SignUp("body")
	other := device.Login("body")
	old := device.RefreshToken
	for range 2 {
		s.Clock.Advance(afterWindow)
		device.Refresh().Want(200)
	}
	s.Client().Post("/v1/logout?scope=all", map[string]string{"refresh_token": old}).Want(204)
	other.Refresh().Want(200)
	s.Clock.Advance(accessLife)
	s.Client().Post("/v1/logout?scope=all", nil, With("Authorization", "Bearer "+other.Bearer)).Want(204)
	other.Refresh().WantProblem(401, "session_revoked") // its own, and only that
}

func TestLogoutWithoutDatabaseClearsTheCookiesAndSaysSo(t *testing.T) {
	s := start(t)
	device := s.SignUp("cookie")
	s.Break()
	got := device.Logout("").WantProblem(503, "unavailable")
	if !clearsAll(got) {
		t.Error("the cookies stay")
	}
}
