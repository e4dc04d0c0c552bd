package api_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/api/apitest"
)

func rawJSON(text string) *json.RawMessage {
	raw := json.RawMessage(text)
	return &raw
}

func TestBodyIsOneJSONObject(t *testing.T) {
	s := start(t)
	person := s.SignUp("body")
	for name, body := range map[string]string{
		"nothing":           " ",
		"cut off":           `{"identifier":"a`,
		"array":             `[]`,
		"string":            `"x"`,
		"null":              `null`,
		"two values":        `{} {}`,
		"garbage behind":    `{}x`,
		"comment":           `{} // no`,
		"single quotes":     `{'identifier':'a'}`,
		"duplicate members": `{"password":"a","password":"b"}`,
		"the same, escaped": `{"password":"a","p\u0061ssword":"b"}`,
		"invalid UTF-8":     "{\"password\":\"\xff\xfe\"}",
		"lone surrogate":    `{"password":"\ud800"}`,
		"byte order mark":   "\ufeff{}",
		"deep":              `{"a":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`,
	} {
		t.Run(name, func(t *testing.T) {
			for _, call := range filled {
				got := person.In(t).Do(call.method, call.path, body).WantProblem(400, "request_invalid").Fields()
				if !slices.Equal(got, []string{"body"}) {
					t.Errorf("%s: fields %q", call, got)
				}
			}
		})
	}
}

func TestBodyIsDeclaredAsJSON(t *testing.T) {
	s := start(t)
	person := s.SignUp("body")
	for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx", "json", "text/json"} {
		for _, call := range filled {
			person.Do(call.method, call.path, "{}", With("Content-Type", kind)).WantProblem(415, "request_invalid")
		}
	}
	for _, kind := range []string{"application/json; charset=utf-8", "Application/JSON"} {
		person.Patch("/v1/me", `{"name":"Ada"}`, With("Content-Type", kind)).Want(200)
	}
}

func TestBodyHasALimit(t *testing.T) {
	s := start(t)
	person := s.SignUp("body")
	padded := func(size int) string {
		const head, tail = `{"name":"Ada"`, `}`
		return head + strings.Repeat(" ", size-len(head)-len(tail)) + tail
	}
	person.Patch("/v1/me", padded(64<<10)).Want(200)
	for _, call := range filled {
		person.Do(call.method, call.path, padded(64<<10+1)).WantProblem(413, "request_invalid")
	}
	chunked := func(r *http.Request) { r.ContentLength = -1 }
	person.Patch("/v1/me", padded(64<<10+1), chunked).WantProblem(413, "request_invalid")
}

func TestUnknownMembersAreNamedEverywhere(t *testing.T) {
	s := start(t)
	person := s.SignUp("body")
	for _, call := range filled {
		got := person.Do(call.method, call.path, `{"zebra":1,"aardvark":{"deep":[true]},"Password":"x"}`).WantProblem(422, "request_invalid")
		for _, name := range []string{"Password", "aardvark", "zebra"} { // names are case-sensitive
			if !slices.Contains(got.Fields(), name) {
				t.Errorf("%s: %q does not name %s", call, got.Fields(), name)
			}
		}
		if strings.Contains(string(got.Body), "deep") {
			t.Errorf("%s: the answer repeats a value", call)
		}
	}
}

func TestWrongMethodNamesTheRightOnes(t *testing.T) {
	s := start(t)
	person := s.SignUp("body")
	for path, allow := range map[string]string{
		"/v1/login":                         "POST",
		"/v1/me":                            "GET, PATCH, DELETE, HEAD",
		"/v1/sessions":                      "GET, DELETE, HEAD",
		"/v1/sessions/" + sessionOf(person): "DELETE",
		"/.well-known/jwks.json":            "GET, HEAD",
		"/docs":                             "GET, HEAD",
		"/healthz":                          "GET, HEAD",
	} {
		for _, method := range []string{"PUT", "OPTIONS", "BREW", "TRACE"} {
			got := person.Do(method, path, nil).WantProblem(405, "request_invalid")
			if got.Header.Get("Allow") != allow {
				t.Errorf("%s %s: Allow %q, want %q", method, path, got.Header.Get("Allow"), allow)
			}
		}
	}
	person.Get("/v1/logout").WantProblem(405, "request_invalid") // STD-86: a picture's address signs nobody out
	person.Get("/v1/refresh").WantProblem(405, "request_invalid")
	person.Get("/v1/me").Want(200)
}

func TestUnknownAddressIsAProblem(t *testing.T) {
	s := start(t)
	for _, path := range []string{"/v1/", "/v1/nothing", "/v1/me/", "/v1/sessions/a/b", "/v1/login/"} {
		for _, method := range []string{"GET", "POST", "DELETE"} {
			s.Client().Do(method, path, nil).WantProblem(404, "not_found")
		}
	}
}

func TestHeadIsGetWithoutABody(t *testing.T) {
	s := start(t)
	person := s.SignUp("body")
	for _, path := range []string{"/v1/me", "/v1/sessions", "/.well-known/jwks.json", "/openapi.json", "/docs", "/healthz"} {
		got := person.Do("HEAD", path, nil).Want(200)
		if len(got.Body) > 0 {
			t.Errorf("HEAD %s has a body", path)
		}
	}
	if got := s.Client().Do("HEAD", "/v1/me", nil).Want(401); got.Header.Get("WWW-Authenticate") != "Bearer" {
		t.Error("HEAD without a token has no challenge")
	}
}

func TestPromise17_AnswersWithCredentialsAreNeverStored(t *testing.T) {
	s := start(t)
	person := s.SignUp("hybrid")
	for name, got := range map[string]*apitest.Answer{
		"register":      s.Client().Post("/v1/register", map[string]string{"email": "grace@example.com", "password": apitest.Password}).Want(201),
		"login":         person.LoginHere("body").Want(200),
		"refresh":       person.Refresh().Want(200),
		"me":            person.Get("/v1/me").Want(200),
		"sessions":      person.Get("/v1/sessions").Want(200),
		"verify":        person.Get("/v1/verify").Want(204),
		"refused":       s.Client().Get("/v1/me").Want(401),
		"terminal":      s.Client().Post("/v1/refresh", nil, With("Cookie", "mayfly_refresh=x")).Want(401),
		"wrong sign-in": s.Client().Post("/v1/login", map[string]string{"identifier": "x", "password": "wrong password"}).Want(401),
		"not found":     person.Get("/v1/nothing").Want(404),
		"logout":        person.Logout("").Want(204),
	} {
		if got := got.Header.Values("Cache-Control"); !slices.Equal(got, []string{"private, no-store"}) {
			t.Errorf("%s: Cache-Control %q", name, got)
		}
	}
}
