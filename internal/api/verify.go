package api

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/mayfly-auth/mayfly/internal/door"
)

// verify answers reverse proxies that ask before they let a request through: nginx auth_request, Caddy and Traefik
// forward_auth. The headers are for the proxy to hand on; it must drop those that a client sent under the same names.
//
// The question is a GET whatever the request is, so X-Forwarded-Method says what the answer would let through: Caddy and
// Traefik send it by themselves. A foreign page's POST is then refused as it would be at this server's own door; without
// the header only SameSite stands before the application.
func (a *API) verify(w http.ResponseWriter, r *http.Request) error {
	method := cmp.Or(r.Header.Get("X-Forwarded-Method"), http.MethodGet)
	if r.Header.Get("Authorization") == "" && a.Door.Foreign(r, method) {
		return door.ErrCrossOrigin
	}
	caller, err := a.Door.Authenticate(r)
	if err != nil {
		return err
	}
	door.NoStore(w)
	h := w.Header()
	h.Set("X-Mayfly-User", caller.User.String())
	h.Set("X-Mayfly-Session", caller.ID.String())
	h.Set("X-Mayfly-Email", caller.Owner.Email)
	// Empty rather than left out: a proxy that copies a header which is not there leaves what the client sent, or worse.
	h.Set("X-Mayfly-Username", caller.Owner.Username)
	h.Set("X-Mayfly-Roles", strings.Join(caller.Owner.Roles, ","))
	w.WriteHeader(http.StatusNoContent)
	return nil
}
