package mayfly_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly"
)

// hello answers with the name of whoever is signed in.
var hello = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	name := "nobody"
	if c, ok := mayfly.FromContext(r.Context()); ok {
		name = c.Subject
	}
	_, _ = io.WriteString(w, name)
})

// problem is what the middleware answers.
type problem struct {
	Type, Title, Code, Detail, Fix string
	Status                         int
}

func serve(tb testing.TB, h http.Handler, r *http.Request) (*http.Response, problem) {
	tb.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	resp := w.Result()
	var p problem
	if resp.StatusCode != http.StatusOK {
		if err := json.NewDecoder(resp.Body).Decode(&p); err != nil {
			tb.Fatalf("status %d without a problem: %v", resp.StatusCode, err)
		}
		if resp.Header.Get("Content-Type") != "application/problem+json" || resp.Header.Get("Cache-Control") != "private, no-store" ||
			p.Status != resp.StatusCode || p.Title == "" || p.Detail == "" || p.Fix == "" || !strings.HasSuffix(p.Type, "/docs#"+p.Code) {
			tb.Errorf("an incomplete problem: %+v with %v", p, resp.Header)
		}
	}
	return resp, p
}

func TestMiddlewareAnswers(t *testing.T) {
	i := newIssuer(t)
	key := newKey(t)
	i.publish(key)
	v := i.verifier(t)
	good := i.token(t, key, nil)
	other := i.token(t, key, claims{"sub": "u-eve"})
	expired := i.token(t, key, claims{"exp": i.clock.now().Unix() - 60, "iat": i.clock.now().Unix() - 90})
	foreign := i.token(t, key, claims{"aud": "https://other.example"})
	const invalid = `Bearer error="invalid_token", error_description=`
	for name, test := range map[string]struct {
		header    http.Header
		status    int
		code      string // or who was greeted
		challenge string
	}{
		"bearer":                      {http.Header{"Authorization": {"Bearer " + good}}, 200, "u-ada", ""},
		"a scheme in lower case":      {http.Header{"Authorization": {"bearer " + good}}, 200, "u-ada", ""},
		"two spaces":                  {http.Header{"Authorization": {"Bearer  " + good}}, 200, "u-ada", ""},
		"the cookie":                  {http.Header{"Cookie": {"mayfly_access=" + good}}, 200, "u-ada", ""},
		"the header before a cookie":  {http.Header{"Authorization": {"Bearer " + good}, "Cookie": {"mayfly_access=" + other}}, 200, "u-ada", ""},
		"one cookie twice":            {http.Header{"Cookie": {"mayfly_access=" + good + "; mayfly_access=" + good}}, 200, "u-ada", ""},
		"nothing":                     {http.Header{}, 401, "token_missing", "Bearer"},
		"another cookie":              {http.Header{"Cookie": {"session=" + good}}, 401, "token_missing", "Bearer"},
		"another scheme":              {http.Header{"Authorization": {"Basic YWRhOnB3"}}, 401, "token_missing", "Bearer"},
		"another scheme and a cookie": {http.Header{"Authorization": {"Basic YWRhOnB3"}, "Cookie": {"mayfly_access=" + good}}, 401, "token_missing", "Bearer"},
		"no token and a cookie":       {http.Header{"Authorization": {"Bearer"}, "Cookie": {"mayfly_access=" + good}}, 401, "token_missing", "Bearer"},
		"garbage and a cookie":        {http.Header{"Authorization": {"Bearer x"}, "Cookie": {"mayfly_access=" + good}}, 401, "token_invalid", invalid + `"invalid"`},
		"expired":                     {http.Header{"Authorization": {"Bearer " + expired}}, 401, "token_expired", invalid + `"expired"`},
		"expired in the cookie":       {http.Header{"Cookie": {"mayfly_access=" + expired}}, 401, "token_expired", invalid + `"expired"`},
		"another audience":            {http.Header{"Authorization": {"Bearer " + foreign}}, 401, "token_invalid", invalid + `"invalid"`},
		"two headers":                 {http.Header{"Authorization": {"Bearer " + good, "Bearer " + good}}, 400, "request_invalid", `Bearer error="invalid_request"`},
		"two cookies that differ":     {http.Header{"Cookie": {"mayfly_access=" + good + "; mayfly_access=" + other}}, 400, "request_invalid", `Bearer error="invalid_request"`},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/?access_token="+good, nil)
			r.Header = test.header
			resp, p := serve(t, v.Middleware(hello), r)
			got := p.Code
			if resp.StatusCode == http.StatusOK {
				body, _ := io.ReadAll(resp.Body)
				got = string(body)
			}
			if resp.StatusCode != test.status || got != test.code || resp.Header.Get("WWW-Authenticate") != test.challenge {
				t.Errorf("got %d %s %q", resp.StatusCode, got, resp.Header.Get("WWW-Authenticate"))
			}
		})
	}
}

func TestOptionalLetsOnlyTheAnonymousPass(t *testing.T) {
	i := newIssuer(t)
	key := newKey(t)
	i.publish(key)
	h := i.verifier(t).Optional(hello)
	for name, test := range map[string]struct {
		token  string
		status int
		body   string
	}{
		"a good token": {i.token(t, key, nil), 200, "u-ada"},
		"no token":     {"", 200, "nobody"},
		"a bad token":  {"bad", 401, ""},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		if test.token != "" {
			r.Header.Set("Authorization", "Bearer "+test.token)
		}
		resp, _ := serve(t, h, r)
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != test.status || string(body) != test.body {
			t.Errorf("%s: %d %q", name, resp.StatusCode, body)
		}
	}
}

func TestACookieIsNotSpentByAnotherOrigin(t *testing.T) {
	i := newIssuer(t)
	key := newKey(t)
	i.publish(key)
	v := i.verifier(t, func(c *mayfly.VerifierConfig) { c.AllowedOrigins = []string{"https://app.example"} })
	good := i.token(t, key, nil)
	const site, origin = "Sec-Fetch-Site", "Origin"
	for name, test := range map[string]struct {
		method string
		header http.Header
		bearer bool
		want   int
	}{
		"same origin":                       {"POST", http.Header{site: {"same-origin"}}, false, 200},
		"typed by the person":               {"POST", http.Header{site: {"none"}}, false, 200},
		"no browser":                        {"DELETE", http.Header{}, false, 200},
		"an old browser, same host":         {"POST", http.Header{origin: {"https://API.example"}}, false, 200},
		"an allowed origin":                 {"POST", http.Header{site: {"same-site"}, origin: {"https://app.example"}}, false, 200},
		"an allowed origin, old browser":    {"POST", http.Header{origin: {"https://app.example"}}, false, 200},
		"a page that reads":                 {"GET", http.Header{site: {"cross-site"}, origin: {"https://evil.example"}}, false, 200},
		"a program with its own token":      {"POST", http.Header{site: {"cross-site"}, origin: {"https://evil.example"}}, true, 200},
		"a sibling sub-domain":              {"POST", http.Header{site: {"same-site"}, origin: {"https://evil.api.example"}}, false, 403},
		"another site":                      {"POST", http.Header{site: {"cross-site"}}, false, 403},
		"another site, old browser":         {"PATCH", http.Header{origin: {"https://evil.example"}}, false, 403},
		"a sandboxed frame":                 {"POST", http.Header{origin: {"null"}}, false, 403},
		"another port":                      {"POST", http.Header{origin: {"https://api.example:8443"}}, false, 403},
		"two origins":                       {"POST", http.Header{origin: {"https://api.example", "https://evil.example"}}, false, 403},
		"an unknown word":                   {"POST", http.Header{site: {"Same-Origin"}}, false, 403},
		"an unknown method":                 {"PURGE", http.Header{site: {"cross-site"}}, false, 403},
		"a method in lower case":            {"get", http.Header{site: {"cross-site"}}, false, 403},
		"a WebSocket of another site":       {"GET", http.Header{"Upgrade": {"websocket"}, origin: {"https://evil.example"}}, false, 403},
		"a WebSocket of the same site":      {"GET", http.Header{"Upgrade": {"websocket"}, site: {"same-origin"}}, false, 200},
		"an allowed origin and a suffix":    {"POST", http.Header{site: {"cross-site"}, origin: {"https://app.example.evil.example"}}, false, 403},
		"an allowed origin over plain http": {"POST", http.Header{site: {"cross-site"}, origin: {"http://app.example"}}, false, 403},
		"an allowed host on another port":   {"POST", http.Header{site: {"cross-site"}, origin: {"https://app.example:444"}}, false, 403},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(test.method, "https://api.example/notes", nil)
			r.Header = test.header.Clone()
			if test.bearer {
				r.Header.Set("Authorization", "Bearer "+good)
			} else {
				r.Header.Set("Cookie", "mayfly_access="+good)
			}
			resp, p := serve(t, v.Middleware(hello), r)
			if resp.StatusCode != test.want || (test.want == 403 && p.Code != "cross_origin_refused") {
				t.Errorf("got %d %s", resp.StatusCode, p.Code)
			}
		})
	}
}

func TestWhichCookieIsTaken(t *testing.T) {
	secret := []byte(strings.Repeat("s", 32))
	i := newIssuer(t)
	i.URL = "https://auth.example.com"
	token := i.token(t, sharedSecret(t, secret), nil)
	for name, test := range map[string]struct {
		config mayfly.VerifierConfig
		cookie string
		want   int
	}{
		"the one with the prefix":     {mayfly.VerifierConfig{}, "__Host-mayfly_access", 200},
		"never the one without":       {mayfly.VerifierConfig{}, "mayfly_access", 401},
		"a prefix in another case":    {mayfly.VerifierConfig{}, "__host-mayfly_access", 401},
		"the one that was named":      {mayfly.VerifierConfig{Cookie: "accessToken"}, "accessToken", 200},
		"no other":                    {mayfly.VerifierConfig{Cookie: "accessToken"}, "__Host-mayfly_access", 401},
		"none":                        {mayfly.VerifierConfig{BearerOnly: true}, "__Host-mayfly_access", 401},
		"none, whatever else was set": {mayfly.VerifierConfig{BearerOnly: true, Cookie: "accessToken"}, "accessToken", 401},
	} {
		t.Run(name, func(t *testing.T) {
			test.config.Issuer, test.config.SharedSecret, test.config.Now = i.URL, secret, i.clock.now
			v, err := mayfly.NewVerifier(test.config)
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.AddCookie(&http.Cookie{Name: test.cookie, Value: token})
			if resp, _ := serve(t, v.Middleware(hello), r); resp.StatusCode != test.want {
				t.Errorf("got %d", resp.StatusCode)
			}
		})
	}
}

func TestWithoutKeysTheAnswerIs503(t *testing.T) {
	i := newIssuer(t)
	key := newKey(t)
	i.answerWith(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	v := i.verifier(t)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer "+i.token(t, key, nil))
	for range 8 {
		resp, p := serve(t, v.Middleware(hello), r)
		wait, err := strconv.Atoi(resp.Header.Get("Retry-After"))
		if resp.StatusCode != 503 || p.Code != "unavailable" || err != nil || wait < 1 || wait > 10 {
			t.Errorf("got %d %s, Retry-After %q", resp.StatusCode, p.Code, resp.Header.Get("Retry-After"))
		}
		if resp.Header.Get("WWW-Authenticate") != "" {
			t.Error("it says that the token is at fault")
		}
		i.clock.move(time.Duration(wait) * time.Second)
	}
}

func TestClaimsTravelInTheContext(t *testing.T) {
	if c, ok := mayfly.FromContext(t.Context()); ok || c != nil {
		t.Error("claims in an empty context")
	}
	if c, ok := mayfly.FromContext(mayfly.NewContext(t.Context(), nil)); ok || c != nil {
		t.Error("no claims were taken for somebody")
	}
	c := &mayfly.Claims{Subject: "u-1", Roles: []string{"admin"}}
	if got, ok := mayfly.FromContext(mayfly.NewContext(t.Context(), c)); !ok || got != c {
		t.Error("the claims got lost")
	}
}
