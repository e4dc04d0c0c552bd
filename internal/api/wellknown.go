package api

import (
	"net/http"
	"strconv"
	"time"
)

// JWKSMaxAge is how long verifiers may keep the key set. A new key is published for longer than this before it signs.
const JWKSMaxAge = 5 * time.Minute

func (a *API) jwks(w http.ResponseWriter, _ *http.Request) error {
	h := w.Header()
	h.Set("Content-Type", "application/jwk-set+json")
	forAnybody(h)
	h.Set("Cache-Control", "public, max-age="+strconv.Itoa(int(JWKSMaxAge/time.Second)))
	_, _ = w.Write(a.JWKS())
	return nil
}

// forAnybody lets every page read the answer. One of an allowed origin was named already, and must be: it may call with
// cookies, for which browsers do not take "*".
func forAnybody(h http.Header) {
	if h.Get("Access-Control-Allow-Origin") == "" {
		h.Set("Access-Control-Allow-Origin", "*")
	}
}

// metadata answers RFC 8414. There is no grant to offer to other clients yet, and it says so.
func (a *API) metadata(w http.ResponseWriter, _ *http.Request) error {
	h := w.Header()
	forAnybody(h)
	h.Set("Cache-Control", "public, max-age=3600")
	base := trimmed(a.Issuer)
	return answer(w, http.StatusOK, map[string]any{
		"issuer":                                a.Issuer,
		"jwks_uri":                              base + "/.well-known/jwks.json",
		"response_types_supported":              []string{},
		"grant_types_supported":                 []string{},
		"token_endpoint_auth_methods_supported": []string{},
		"service_documentation":                 base + "/docs",
	})
}

func (a *API) healthz(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Cache-Control", "no-store")
	return answer(w, http.StatusOK, map[string]string{"status": "ok"})
}

func (a *API) readyz(w http.ResponseWriter, r *http.Request) error {
	if err := a.Ready(r.Context()); err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return answer(w, http.StatusOK, map[string]string{"status": "ready"})
}

func trimmed(u string) string {
	for len(u) > 0 && u[len(u)-1] == '/' {
		u = u[:len(u)-1]
	}
	return u
}
