package apitest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// witness is a test that is expected to fail.
type witness struct {
	testing.TB
	faults []string
}

func (w *witness) Helper() {}

func (w *witness) Errorf(format string, args ...any) {
	w.faults = append(w.faults, fmt.Sprintf(format, args...))
}

// distorted changes the answers of a handler.
func distorted(next http.Handler, change func(*httptest.ResponseRecorder)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r)
		if r.URL.Path != "/openapi.json" {
			change(answer)
		}
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	})
}

func replaced(old, fresh string) func(*httptest.ResponseRecorder) {
	return func(answer *httptest.ResponseRecorder) {
		text := strings.Replace(answer.Body.String(), old, fresh, 1)
		answer.Body.Reset()
		answer.Body.WriteString(text)
	}
}

func TestCheckSeesEveryBreach(t *testing.T) {
	s := Start(t)
	person := s.SignUp("body")
	signedIn := func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+person.Bearer) }
	stranger := func(*http.Request) {}
	for _, test := range []struct {
		name, method, path, body string
		edit                     func(*http.Request)
		change                   func(*httptest.ResponseRecorder)
		breach                   string // part of the fault; "" for none
	}{
		{"nothing", "GET", "/v1/me", "", signedIn, func(*httptest.ResponseRecorder) {}, ""},
		{"nothing, refused", "GET", "/v1/me", "", stranger, func(*httptest.ResponseRecorder) {}, ""},
		{"new member", "GET", "/v1/me", "", signedIn, replaced(`{`, `{"password_hash":"x",`), "additional properties"},
		{"missing member", "GET", "/v1/me", "", signedIn, replaced(`"email_verified":false,`, ``), "missing property"},
		{"malformed id", "GET", "/v1/me", "", signedIn, replaced(`"id":"`, `"id":"x`), "uuid"},
		{"malformed time", "GET", "/v1/me", "", signedIn, replaced(`"created_at":"`, `"created_at":"x`), "date-time"},
		{"broken JSON", "GET", "/v1/me", "", signedIn, replaced(`{`, ``), "no JSON"},
		{"status", "GET", "/v1/me", "", signedIn, func(a *httptest.ResponseRecorder) { a.Code = 418 }, "status is not documented"},
		{"content type", "GET", "/v1/me", "", signedIn, func(a *httptest.ResponseRecorder) { a.Header().Set("Content-Type", "text/html") }, "content type"},
		{"new header", "GET", "/v1/me", "", signedIn, func(a *httptest.ResponseRecorder) { a.Header().Set("X-New", "1") }, "X-New is not documented"},
		{"new cookie", "GET", "/v1/me", "", signedIn, func(a *httptest.ResponseRecorder) { a.Header().Set("Set-Cookie", "a=b") }, "Set-Cookie is not documented"},
		{"header missing", "GET", "/v1/me", "", stranger, func(a *httptest.ResponseRecorder) { a.Header().Del("WWW-Authenticate") }, "WWW-Authenticate is missing"},
		{"header malformed", "GET", "/v1/me", "", stranger, func(a *httptest.ResponseRecorder) { a.Header().Set("WWW-Authenticate", "Basic") }, "WWW-Authenticate"},
		{"sniffing", "GET", "/v1/me", "", stranger, func(a *httptest.ResponseRecorder) { a.Header().Del("X-Content-Type-Options") }, "X-Content-Type-Options"},
		{"code that is not of this call", "GET", "/v1/me", "", stranger, replaced(`"code":"token_missing"`, `"code":"not_found"`), "/code"},
		{"ended without being over", "GET", "/v1/me", "", stranger, replaced(`{`, `{"session_ended":true,`), "session_ended"},
		{"status in the problem", "GET", "/v1/me", "", stranger, replaced(`"status":401`, `"status":403`), "says status"},
		{"another request's id", "GET", "/v1/me", "", stranger, replaced(`"request_id":"`, `"request_id":"x`), "request_id"},
		{"type that leads elsewhere", "GET", "/v1/me", "", stranger, replaced(`docs#`, `help#`), "type"},
		{"body on 204", "POST", "/v1/logout", "", stranger, func(a *httptest.ResponseRecorder) { a.Body.WriteString("bye") }, "no body"},
		{"stored by a cache", "POST", "/v1/logout", "", stranger, func(a *httptest.ResponseRecorder) { a.Header().Set("Cache-Control", "max-age=60") }, "credentials"},
		{"page with a token", "GET", "/somewhere", "", stranger, func(a *httptest.ResponseRecorder) {
			a.Header().Set("Cache-Control", "public")
			a.Body.WriteString(person.Bearer)
		}, "credentials"},
		{"new path", "GET", "/v1/new", "", stranger, func(a *httptest.ResponseRecorder) { a.Code = 200 }, "path is not documented"},
		{"new method", "PUT", "/v1/me", "", stranger, func(a *httptest.ResponseRecorder) { a.Code = 200 }, "method is not documented"},
		{"wrong list of methods", "PUT", "/v1/me", "", stranger, func(a *httptest.ResponseRecorder) { a.Header().Set("Allow", "GET") }, "Allow"},
		{"not found as plain text", "GET", "/v1/new", "", stranger, func(a *httptest.ResponseRecorder) { a.Header().Set("Content-Type", "text/plain") }, "content type"},
		{"malformed request granted", "POST", "/v1/refresh", `{"token":1}`, stranger, func(a *httptest.ResponseRecorder) { a.Code = 200 }, "malformed request was granted"},
	} {
		t.Run(test.name, func(t *testing.T) {
			seen := &witness{TB: t}
			h := Check(seen, s.URL, nil, distorted(s.mayfly, test.change))
			r := httptest.NewRequest(test.method, test.path, strings.NewReader(test.body))
			r.Header.Set("Content-Type", "application/json")
			test.edit(r)
			h.ServeHTTP(httptest.NewRecorder(), r)
			faults := strings.Join(seen.faults, "\n")
			switch {
			case test.breach == "" && faults != "":
				t.Errorf("a good answer is complained of: %s", faults)
			case !strings.Contains(faults, test.breach):
				t.Errorf("the faults are %q, want one about %q", faults, test.breach)
			}
		})
	}
}

func TestSecretsInTheLogAreSeen(t *testing.T) {
	for name, leak := range map[string]func(*Client) string{
		"password":      func(c *Client) string { return c.Password },
		"access token":  func(c *Client) string { return c.Bearer },
		"refresh token": func(c *Client) string { return c.RefreshToken },
		"cookie":        func(c *Client) string { return c.Login("cookie").Cookie("refresh") },
		"nothing":       func(*Client) string { return "" },
	} {
		t.Run(name, func(t *testing.T) {
			s := Start(t)
			text := leak(s.SignUp("body"))
			seen := &witness{TB: t}
			s.secrets.lookIn(seen, s.Log.String()+text)
			if (len(seen.faults) > 0) != (text != "") {
				t.Errorf("faults %q", seen.faults)
			}
			for _, fault := range seen.faults {
				if strings.Contains(fault, text) {
					t.Error("the fault repeats the secret")
				}
			}
			if !strings.Contains(s.Log.String(), `"msg":"request"`) {
				t.Error("the log is not kept down to debug level")
			}
		})
	}
}

func TestCoverageWorksBothWays(t *testing.T) {
	c := &Coverage{}
	me, gone := Case{"GET", "/v1/me", 200}, Case{"GET", "/v1/me", 500}
	c.expect([]Case{me, gone})
	if got := len(c.Faults(nil)); got != 2 {
		t.Errorf("%d faults, want 2", got)
	}
	c.note(me)
	if got := c.Faults(map[string]string{"* 500": "a bug"}); len(got) != 0 {
		t.Errorf("faults %q", got)
	}
	if got := c.Faults(map[string]string{"* 500": "a bug", "GET /v1/me 200": "no reason"}); len(got) != 1 {
		t.Errorf("an excuse that is not needed: %q", got)
	}
}

func TestServerKeepsItsDataOverARestart(t *testing.T) {
	s := Start(t)
	person := s.SignUp("cookie")
	s.Restart()
	person.Refresh().Want(http.StatusOK)
	s.Break()
	person.Refresh().WantProblem(http.StatusServiceUnavailable, "unavailable")
	s.Restart()
	person.Refresh().Want(http.StatusOK)
}
