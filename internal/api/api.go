// Package api is the JSON door: the HTTP contract v1, one file for each family of endpoints.
//
// A handler parses once, calls one room, and answers; a failure is returned and put into words by package door. Which
// answers there are is written in openapi.json, and the tests hold every answer they get against it.
package api

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/mayfly-auth/mayfly/internal/account"
	"github.com/mayfly-auth/mayfly/internal/door"
	"github.com/mayfly-auth/mayfly/internal/revocation"
	"github.com/mayfly-auth/mayfly/internal/session"
)

// Config is what the JSON door opens to.
type Config struct {
	Door     *door.Door
	Accounts *account.Accounts
	Sessions *session.Sessions
	// JWKS returns the published keys.
	JWKS func() []byte
	// Feed names the sessions that are ended early.
	Feed *revocation.Feed
	// Issuer is the `iss` of access tokens, and the public URL.
	Issuer string
	// Ready says whether a request that needs the store would be answered.
	Ready func(context.Context) error
}

// API is the JSON door.
type API struct {
	Config
	reference *reference
}

type handler func(w http.ResponseWriter, r *http.Request) error

// Mount adds every route to mux, each under base.
func Mount(mux *http.ServeMux, base string, c Config) {
	a := &API{Config: c, reference: newReference(c)}
	c.Door.Metrics().Watch(c.Feed)
	routes := a.routes()
	methods := map[string][]string{}
	for _, route := range routes {
		mux.Handle(route.method+" "+base+route.path, a.answering(route.handle))
		methods[route.path] = append(methods[route.path], route.method)
	}
	for path, allowed := range methods {
		mux.Handle(base+path, a.answering(wrongMethod(allowed)))
	}
	mux.Handle(base+"/v1/", a.answering(nothingHere))
	if base != "" { // RFC 8414 section 3.1: the issuer's path goes behind the well-known name
		mux.Handle("GET /.well-known/oauth-authorization-server"+base, a.answering(a.metadata))
	}
}

type route struct {
	method, path string
	handle       handler
}

// routes is the whole of the interface; openapi.json says the rest.
func (a *API) routes() []route {
	return []route{
		{"POST", "/v1/register", a.register},
		{"POST", "/v1/login", a.login},
		{"POST", "/v1/refresh", a.refresh},
		{"POST", "/v1/logout", a.logout},
		{"GET", "/v1/me", a.me},
		{"PATCH", "/v1/me", a.updateMe},
		{"DELETE", "/v1/me", a.deleteMe},
		{"POST", "/v1/me/password", a.changePassword},
		{"GET", "/v1/sessions", a.listSessions},
		{"DELETE", "/v1/sessions", a.endOtherSessions},
		{"DELETE", "/v1/sessions/{id}", a.endSession},
		{"GET", "/v1/verify", a.verify},
		{"GET", "/v1/revocations", a.revocations},
		{"GET", "/.well-known/jwks.json", a.jwks},
		{"GET", "/.well-known/oauth-authorization-server", a.metadata},
		{"GET", "/openapi.json", a.openAPI},
		{"GET", "/docs", a.docs},
		{"GET", "/docs/style.css", a.docsStyle},
		{"GET", "/healthz", a.healthz},
		{"GET", "/readyz", a.readyz},
	}
}

// longestBody is the most that a request may carry.
const longestBody = 64 << 10

func (a *API) answering(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, longestBody)
		if err := h(w, r); err != nil {
			a.Door.Fail(w, r, err)
		}
	})
}

func wrongMethod(allowed []string) handler {
	if slices.Contains(allowed, "GET") {
		allowed = append(allowed, "HEAD")
	}
	list := strings.Join(allowed, ", ")
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Allow", list)
		return &door.RequestError{Status: http.StatusMethodNotAllowed, Faults: []door.FieldFault{{
			Field:  "method",
			Detail: "This address does not take " + r.Method + ".",
			Fix:    "Use " + list + ".",
		}}}
	}
}

func nothingHere(http.ResponseWriter, *http.Request) error { return door.ErrNotFound }
