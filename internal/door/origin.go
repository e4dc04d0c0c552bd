package door

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// ErrCrossOrigin says that another site's page tried to act with this browser's cookies.
var ErrCrossOrigin = errors.New("cross-origin request refused")

// Guard turns away state-changing requests that a page of a foreign origin sends, and answers preflights of the
// allowed ones.
//
// Fetch Metadata decides where the browser sends it; otherwise Origin does, by name and never by Host (STD-85). A
// client that sends neither is no browser: it holds no ambient cookies. SameSite alone is not relied upon (STD-81): a
// sibling sub-domain is the same site and still a stranger.
func (d *Door) Guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		if len(d.allowed) > 0 {
			w.Header().Add("Vary", "Origin")
		}
		if d.allowed[origin] {
			allow(w.Header(), origin)
			if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
				w.WriteHeader(http.StatusNoContent)
				return
			}
		}
		if d.Foreign(r, r.Method) {
			d.Fail(w, r, ErrCrossOrigin)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Foreign reports that a request of this method would change something and comes from a page of a foreign origin.
func (d *Door) Foreign(r *http.Request, method string) bool {
	return changesState(method) && !d.sameOrigin(r)
}

func (d *Door) sameOrigin(r *http.Request) bool {
	origins := r.Header.Values("Origin")
	if len(origins) > 1 {
		return false
	}
	if len(origins) == 1 && d.allowed[origins[0]] {
		return true
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none": // "none": the person typed or clicked outside of any page
		return true
	case "":
		return len(origins) == 0 || origins[0] == d.origin || d.isLoopbackAlias(origins[0])
	}
	return false
}

// isLoopbackAlias reports whether the origin is another name of this machine for a server that has a loopback URL:
// people open 127.0.0.1 where localhost is meant.
func (d *Door) isLoopbackAlias(origin string) bool {
	u, err := url.Parse(origin)
	return err == nil && IsLoopback(d.PublicURL.Hostname()) && IsLoopback(u.Hostname()) &&
		u.Scheme == d.PublicURL.Scheme && u.Port() == d.PublicURL.Port()
}

// IsLoopback reports whether a host name means this machine, whatever the network says (RFC 6761 section 6.3).
func IsLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

func changesState(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}

func allow(h http.Header, origin string) {
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Set("Access-Control-Allow-Methods", "GET, POST, PATCH, DELETE")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
	h.Set("Access-Control-Expose-Headers", "Retry-After, WWW-Authenticate, X-Request-Id")
	h.Set("Access-Control-Max-Age", "600")
}
