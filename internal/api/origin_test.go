package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/api/apitest"
)

// from is what a page of an origin, or a frame of one, sends along.
func from(headers ...string) func(*http.Request) {
	return func(r *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			r.Header.Add(headers[i], headers[i+1])
		}
	}
}

var foreign = map[string]func(*http.Request){
	"another site":           from("Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"),
	"a sibling sub-domain":   from("Origin", "https://blog.example.com", "Sec-Fetch-Site", "same-site"),
	"an opaque origin":       from("Origin", "null"),
	"an opaque frame":        from("Origin", "null", "Sec-Fetch-Site", "cross-site"),
	"an old browser":         from("Origin", "https://evil.example"),
	"another port":           from("Origin", "http://127.0.0.1:1"),
	"only Fetch Metadata":    from("Sec-Fetch-Site", "cross-site"),
	"unknown Fetch Metadata": from("Sec-Fetch-Site", "moon"),
	"an empty origin":        from("Origin", ""),
	"two origins":            from("Origin", "https://evil.example", "Origin", "https://other.example"),
	"ours and another": func(r *http.Request) {
		r.Header["Origin"] = []string{"http://" + r.URL.Host, "https://evil.example"}
	},
	"a form":                     from("Origin", "https://evil.example", "Content-Type", "application/x-www-form-urlencoded"),
	"somebody who forges Host":   func(r *http.Request) { r.Host = "evil.example"; r.Header.Set("Origin", "http://evil.example") },
	"a bearer of another site":   from("Origin", "https://evil.example", "Authorization", "Bearer x"),
	"a page that says https":     func(r *http.Request) { r.Header.Set("Origin", "https://"+r.URL.Host) },
	"a name that begins like us": func(r *http.Request) { r.Header.Set("Origin", "http://"+r.URL.Host+".evil.example") },
}

func TestPromise25_NoOtherSiteCanSpendTheCookies(t *testing.T) {
	s := start(t)
	person := s.SignUp("cookie")
	s.Clock.Advance(afterWindow) // a refresh would rotate
	rooms := s.Rooms()
	before, err := rooms.Sessions.Identify(t.Context(), person.Cookie("refresh"))
	if err != nil {
		t.Fatal(err)
	}
	for name, page := range foreign {
		for _, call := range changes {
			got := call.do(person, page)
			if got.Status != 403 || got.Code() != "cross_origin_refused" {
				t.Errorf("%s: %s is answered %d %s", name, call, got.Status, got.Code())
			}
			if len(got.Cookies) > 0 || got.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s: %s sets cookies, or lets the page read", name, call)
			}
		}
	}
	after, err := rooms.Sessions.Identify(t.Context(), person.Cookie("refresh"))
	if err != nil {
		t.Fatal(err)
	}
	if after.Lineage != before.Lineage || !after.EndedAt.IsZero() {
		t.Errorf("the lineage was %+v and is %+v", before.Lineage, after.Lineage)
	}
}

func TestPromise25_OurOwnPagesAndProgramsAreLetThrough(t *testing.T) {
	for _, edit := range []func(*apitest.Options){
		func(*apitest.Options) {},
		func(o *apitest.Options) { o.TLS = true },
		func(o *apitest.Options) { o.Path = "/auth" },
	} {
		s := start(t, edit)
		person := s.SignUp("cookie")
		cookies := "mayfly_refresh=" + person.Cookie("refresh") + "; __Host-mayfly_refresh=" + person.Cookie("refresh")
		for name, page := range map[string]func(*http.Request){
			"our page":                from("Origin", s.Origin(), "Sec-Fetch-Site", "same-origin"),
			"an old browser":          from("Origin", s.Origin()),
			"typed by hand":           from("Sec-Fetch-Site", "none"),
			"127.0.0.1 as localhost":  from("Origin", strings.Replace(s.Origin(), "127.0.0.1", "localhost", 1)),
			"no browser":              from(),
			"behind a renaming proxy": func(r *http.Request) { r.Host = "internal:8080"; r.Header.Set("Origin", s.Origin()) },
		} {
			if got := s.Client().Post("/v1/refresh", nil, With("Cookie", cookies), page); got.Status != 200 {
				t.Errorf("%s: status %d", name, got.Status)
			}
		}
	}
}

func TestAllowedOriginMayCallWithCookies(t *testing.T) {
	const app = "https://app.example.com"
	s := start(t, func(o *apitest.Options) { o.AllowedOrigins = []string{app} })
	person := s.SignUp("cookie")
	page := from("Origin", app, "Sec-Fetch-Site", "cross-site")
	for _, got := range []*apitest.Answer{
		person.Post("/v1/refresh", nil, page).Want(200),
		person.Get("/v1/me", page).Want(200),
		s.Client().Get("/v1/me", page).WantProblem(401, "token_missing"), // a page must be able to read errors too
		person.Get("/.well-known/jwks.json", page).Want(200),
	} {
		if got.Header.Get("Access-Control-Allow-Origin") != app || got.Header.Get("Access-Control-Allow-Credentials") != "true" {
			t.Errorf("a page of an allowed origin may not read: %v", got.Header)
		}
		if got.Header.Get("Vary") != "Origin" {
			t.Errorf("Vary is %q: a cache gives one origin's answer to another", got.Header.Get("Vary"))
		}
	}
	foreignPage := person.Get("/v1/me", from("Origin", "https://evil.example")).Want(200)
	if foreignPage.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("a foreign page may read")
	}
	for _, origin := range []string{app + ":443", "http://app.example.com", "https://app.example.com.evil.example", "https://APP.example.com", "null"} {
		person.Post("/v1/refresh", nil, from("Origin", origin, "Sec-Fetch-Site", "cross-site")).WantProblem(403, "cross_origin_refused")
	}
}

func TestPreflight(t *testing.T) {
	const app = "https://app.example.com"
	s := start(t, func(o *apitest.Options) { o.AllowedOrigins = []string{app} })
	ask := func(origin string) *apitest.Answer {
		return s.Client().Do("OPTIONS", "/v1/refresh", nil, from("Origin", origin, "Access-Control-Request-Method", "POST"))
	}
	got := ask(app).Want(204)
	for header, want := range map[string]string{
		"Access-Control-Allow-Origin":      app,
		"Access-Control-Allow-Credentials": "true",
		"Access-Control-Allow-Methods":     "GET, POST, PATCH, DELETE",
		"Access-Control-Allow-Headers":     "Authorization, Content-Type",
		"Access-Control-Max-Age":           "600",
	} {
		if got.Header.Get(header) != want {
			t.Errorf("%s: %q, want %q", header, got.Header.Get(header), want)
		}
	}
	for _, origin := range []string{"https://evil.example", "null", ""} {
		got := ask(origin).WantProblem(405, "request_invalid")
		if got.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("the preflight of %q is let through", origin)
		}
	}
}
