package api_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/api/apitest"
)

// claims reads an access token without checking it.
func claims(token string) map[string]any {
	var members map[string]any
	parts := strings.Split(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(raw, &members) != nil {
		return nil
	}
	return members
}

const invalidToken = `Bearer error="invalid_token", error_description=`

func TestEachFaultOfAnAccessTokenHasItsCodeAndChallenge(t *testing.T) {
	s, foreign := start(t), start(t)
	person, revoked := s.SignUp("body"), s.SignUp("body")
	revoked.Logout("").Want(204)
	stranger := foreign.SignUp("body").Bearer
	late := s.SignUp("body").Bearer
	s.Clock.Advance(accessLife)
	person.Refresh().Want(200)
	good := person.Bearer
	revoked.Bearer = ""

	for _, test := range []struct {
		name, header    string
		code, challenge string
	}{
		{"none", "", "token_missing", "Bearer"},
		{"empty", "Bearer ", "token_missing", "Bearer"},
		{"another scheme", "Basic YWRhOnBhc3N3b3Jk", "token_missing", "Bearer"},
		{"garbage", "Bearer garbage", "token_invalid", invalidToken + `"invalid"`},
		{"a refresh token", "Bearer " + person.RefreshToken, "token_invalid", invalidToken + `"invalid"`},
		{"another server's", "Bearer " + stranger, "token_invalid", invalidToken + `"invalid"`},
		{"one byte changed", "Bearer " + good[:len(good)-20] + flipped(good[len(good)-20:]), "token_invalid", invalidToken + `"invalid"`},
		{"expired", "Bearer " + late, "token_expired", invalidToken + `"expired"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, call := range guarded {
				var edits []func(*http.Request)
				if test.header != "" {
					edits = append(edits, With("Authorization", test.header))
				}
				got := call.do(s.Client().In(t), edits...).WantProblem(401, test.code)
				if got.Header.Get("WWW-Authenticate") != test.challenge {
					t.Errorf("%s: WWW-Authenticate %q, want %q", call, got.Header.Get("WWW-Authenticate"), test.challenge)
				}
				if got.Ended() || len(got.Cookies) > 0 {
					t.Errorf("%s: an access token that is refused signs the person out", call)
				}
			}
		})
	}
	t.Run("query", func(t *testing.T) { // STD-33
		s.Client().In(t).Get("/v1/me?access_token="+good).WantProblem(401, "token_missing")
	})
	t.Run("scheme in lower case", func(t *testing.T) {
		s.Client().In(t).Get("/v1/me", With("Authorization", "bEARER  "+good)).Want(200)
	})
}

// flipped changes the first character and keeps it base64url.
func flipped(text string) string {
	if text[0] == 'A' {
		return "B" + text[1:]
	}
	return "A" + text[1:]
}

func TestTokenOfAnEndedSessionIsRevoked(t *testing.T) {
	for _, test := range endings {
		if test.name == "idle" || test.name == "greatest age" {
			continue // the token has expired long before
		}
		t.Run(test.name, func(t *testing.T) {
			s := start(t)
			device := s.SignUp("cookie")
			bearer := With("Authorization", "Bearer "+device.Cookie("access"))
			s.Client().Get("/v1/me", bearer).Want(200)
			s.Client().Get("/v1/verify", bearer).Want(204) // that its signature was found right before must not help it later
			test.end(t, s, device)
			for _, path := range []string{"/v1/me", "/v1/verify"} {
				got := s.Client().Get(path, bearer).WantProblem(401, "token_revoked")
				if want := invalidToken + `"revoked"`; got.Header.Get("WWW-Authenticate") != want {
					t.Errorf("%s: WWW-Authenticate %q, want %q", path, got.Header.Get("WWW-Authenticate"), want)
				}
			}
		})
	}
}

func TestHeaderComesBeforeTheCookieAndNeverFallsBack(t *testing.T) {
	s := start(t)
	browser, program := s.SignUp("cookie"), s.SignUp("body")
	got := browser.Get("/v1/me", With("Authorization", "Bearer "+program.Bearer)).Want(200)
	if got.Text("email") != program.Email {
		t.Errorf("the cookie won: %s", got.Text("email"))
	}
	for _, header := range []string{"Bearer garbage", "Bearer ", "Basic eDp5", "garbage", ""} {
		if got := browser.Get("/v1/me", With("Authorization", header)); got.Status != 401 {
			t.Errorf("the header %q fell back to the cookie: status %d", header, got.Status)
		}
	}
}

func TestTwoCredentialsOfOneKindAreRefused(t *testing.T) {
	s := start(t)
	a, b := s.SignUp("cookie"), s.SignUp("cookie")
	for _, call := range guarded {
		got := call.do(s.Client(), func(r *http.Request) {
			r.Header["Authorization"] = []string{"Bearer " + a.Cookie("access"), "Bearer " + b.Cookie("access")}
		}).WantProblem(400, "request_invalid")
		if len(got.Cookies) > 0 {
			t.Errorf("%s: cookies are touched", call)
		}
		one, other := "mayfly_access="+a.Cookie("access"), "mayfly_access="+b.Cookie("access")
		for _, cookies := range []string{one + "; " + other, "mayfly_access=; " + other, one + "; mayfly_access="} {
			call.do(s.Client(), With("Cookie", cookies)).WantProblem(400, "request_invalid")
		}
	}
	two := "mayfly_refresh=" + a.Cookie("refresh") + "; mayfly_refresh=" + b.Cookie("refresh")
	got := s.Client().Post("/v1/refresh", nil, With("Cookie", two)).WantProblem(400, "request_invalid")
	if got.Ended() || len(got.Cookies) > 0 {
		t.Error("two refresh cookies sign the person out")
	}
	a.Refresh().Want(200)
	b.Refresh().Want(200)

	same := a.Cookie("access") // as a browser sends it that was given it for two paths
	s.Client().Get("/v1/me", With("Cookie", "mayfly_access="+same+"; mayfly_access="+same)).Want(200)
	token := a.Cookie("refresh")
	s.Client().Post("/v1/refresh", nil, With("Cookie", "mayfly_refresh="+token+"; mayfly_refresh="+token)).Want(200)
}

func TestVerifyTellsTheProxyWhoItIs(t *testing.T) {
	s := start(t)
	person := s.SignUp("body")
	person.Patch("/v1/me", map[string]string{"username": "ada"}).Want(200)
	give(t, s, person, "editor", "admin")
	got := person.Get("/v1/verify").Want(204)
	for header, want := range map[string]string{
		"X-Mayfly-User":     claims(person.Bearer)["sub"].(string),
		"X-Mayfly-Session":  sessionOf(person),
		"X-Mayfly-Email":    person.Email,
		"X-Mayfly-Username": "ada",
		"X-Mayfly-Roles":    "editor,admin",
	} {
		if got.Header.Get(header) != want {
			t.Errorf("%s: %q, want %q", header, got.Header.Get(header), want)
		}
	}
	plain := s.SignUp("cookie").Get("/v1/verify", With("X-Mayfly-Roles", "admin")).Want(204)
	for _, header := range []string{"X-Mayfly-Username", "X-Mayfly-Roles"} {
		if values := plain.Header[header]; len(values) != 1 || values[0] != "" {
			t.Errorf("%s of somebody who has none: %q, want it to be there and empty", header, values)
		}
	}
	person.Do("HEAD", "/v1/verify", nil).Want(204)
}

// A proxy asks with GET whatever it is about to let through.
func TestVerifyRefusesAForeignPagesChanges(t *testing.T) {
	s := start(t, func(o *apitest.Options) { o.AllowedOrigins = []string{"https://app.example.com"} })
	person := s.SignUp("cookie")
	foreign := []func(*http.Request){With("Origin", "https://evil.example.com"), With("Sec-Fetch-Site", "cross-site")}
	for _, one := range []struct {
		method string
		from   []func(*http.Request)
		want   int
	}{
		{"", foreign, 204}, // nothing was said; SameSite keeps the cookie of a foreign page's form at home
		{"GET", foreign, 204},
		{"POST", foreign, 403},
		{"DELETE", foreign, 403},
		{"post", foreign, 403},
		{"POST", []func(*http.Request){With("Origin", "https://app.example.com"), With("Sec-Fetch-Site", "cross-site")}, 204},
		{"POST", []func(*http.Request){With("Sec-Fetch-Site", "same-origin")}, 204},
		{"POST", []func(*http.Request){With("Sec-Fetch-Site", "same-site")}, 403}, // a sibling sub-domain
		{"POST", nil, 204}, // no browser
	} {
		options := one.from
		if one.method != "" {
			options = append(options[:len(options):len(options)], With("X-Forwarded-Method", one.method))
		}
		t.Run(fmt.Sprintf("%s %v", one.method, one.want), func(t *testing.T) {
			got := person.Get("/v1/verify", options...).Want(one.want)
			if one.want == 403 && got.Code() != "cross_origin_refused" {
				t.Errorf("code %s", got.Code())
			}
		})
	}
	// A header is sent by a program, never by the browser itself.
	bearer := s.SignUp("body")
	bearer.Get("/v1/verify", append(foreign, With("X-Forwarded-Method", "POST"))...).Want(204)
}

// give gives roles to a person, as an administrator does.
func give(t *testing.T, s *apitest.Server, person *apitest.Client, roles ...string) {
	t.Helper()
	rooms := s.Rooms()
	u, err := rooms.FindUser(t.Context(), person.Email)
	if err == nil {
		_, err = rooms.Accounts.Edit(t.Context(), u.ID, change(roles))
	}
	if err != nil {
		t.Fatal(err)
	}
}
