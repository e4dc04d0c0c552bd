package mayfly

import (
	"errors"
	"net/http"
	"strings"
)

// Middleware lets a request through to next only with a valid access token, and puts its claims into the context: see
// [FromContext]. Anything else is answered with application/problem+json and a stable code: token_missing,
// token_invalid, token_expired or token_revoked (401), cross_origin_refused (403), request_invalid (400), unavailable
// (503, where the keys can not be had, or not the revocations and RefuseWhenDown is set).
func (v *Verifier) Middleware(next http.Handler) http.Handler { return v.guard(next, false) }

// Optional is [Verifier.Middleware] for pages that anybody may see: a request without a token passes, with no claims in
// its context. A token that is expired, revoked or invalid is refused all the same: its sender believes to be signed in,
// and the refusal is what makes a client refresh.
func (v *Verifier) Optional(next http.Handler) http.Handler { return v.guard(next, true) }

func (v *Verifier) guard(next http.Handler, anonymous bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, err := v.Authenticate(r)
		switch {
		case err == nil:
			next.ServeHTTP(w, r.WithContext(NewContext(r.Context(), claims)))
		case anonymous && errors.Is(err, ErrTokenMissing):
			next.ServeHTTP(w, r)
		default:
			v.refuse(w, err)
		}
	})
}

// Authenticate returns who a request speaks for, for servers that the middleware does not fit. A token in the
// Authorization header comes before one in the cookie, because a program put it there on purpose and browsers add the
// cookie by themselves. With the cookie, a request that changes something must not come from a page of another origin.
//
// Its errors are those of Verify, ErrTokenAmbiguous and ErrCrossOrigin.
func (v *Verifier) Authenticate(r *http.Request) (*Claims, error) {
	token, fromCookie, err := v.credential(r)
	if err != nil {
		return nil, err
	}
	if token == "" {
		return nil, ErrTokenMissing
	}
	if fromCookie && changesState(r) && !v.sameOrigin(r) {
		return nil, ErrCrossOrigin
	}
	return v.Verify(r.Context(), token)
}

// credential returns the token of a request, "" if it has none. A header of another kind, or an empty one, never falls
// back to the cookie: the request would speak for somebody whom its sender did not mean.
func (v *Verifier) credential(r *http.Request) (token string, fromCookie bool, err error) {
	switch headers := r.Header["Authorization"]; {
	case len(headers) > 1:
		return "", false, ErrTokenAmbiguous
	case len(headers) == 1:
		scheme, token, _ := strings.Cut(headers[0], " ")
		if !strings.EqualFold(scheme, "Bearer") { // RFC 9110 section 11.1: schemes know no case
			return "", false, nil
		}
		return strings.Trim(token, " "), false, nil
	case v.cookie == "":
		return "", false, nil
	}
	// Two cookies of one name: one of them was planted from a sibling domain, and nothing tells which (STD-82).
	for _, c := range r.CookiesNamed(v.cookie) {
		if token != "" && c.Value != token {
			return "", false, ErrTokenAmbiguous
		}
		token = c.Value
	}
	return token, true, nil
}

// changesState reports whether another site's page must not send this with somebody's cookie. A WebSocket begins with
// a GET that any page may send, and then can do what its owner can.
func changesState(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return r.Header.Get("Upgrade") != ""
	}
	return true
}

// sameOrigin judges where a request comes from: an origin that was allowed by name, then Fetch Metadata, which only the
// browser can set, then Origin (STD-85). A client that sends none of them is no browser: nobody lured it here.
// SameSite cookies do not suffice: a sibling sub-domain is the same site and still a stranger.
func (v *Verifier) sameOrigin(r *http.Request) bool {
	origins := r.Header["Origin"]
	if len(origins) > 1 {
		return false
	}
	if len(origins) == 1 && v.allowed[origins[0]] {
		return true
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none": // none: the person typed or clicked outside of any page
		return true
	case "":
		if len(origins) == 0 {
			return true
		}
		// Only browsers older than Fetch Metadata come here. "null", which a sandboxed frame sends, has no host.
		_, host, ok := strings.Cut(origins[0], "://")
		return ok && strings.EqualFold(host, r.Host)
	}
	return false
}
