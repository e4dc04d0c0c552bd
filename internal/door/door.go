// Package door owns what the JSON door and the HTML door share: how credentials come in and go out, where a request
// comes from, which requests are turned away before any room is entered, and how a failure is put into words.
//
// It knows HTTP and no route. The doors themselves (packages api and pages) parse, call one room, and answer.
package door

import (
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
	"github.com/mayfly-auth/mayfly/internal/session"
)

// Config is what the doors need to know of the world.
type Config struct {
	// PublicURL is how browsers reach this server: its scheme decides over Secure cookies, its origin over what is
	// cross-origin, its path is where everything lies. The Host header decides nothing (STD-116).
	PublicURL *url.URL
	// AllowedOrigins may call across origins, with cookies.
	AllowedOrigins []string
	// TrustedProxies are believed when they say in X-Forwarded-For whom they speak for.
	TrustedProxies []netip.Prefix
	// Cookies names the cookies; the zero value means CookieNames(PublicURL).
	Cookies CookieNames
	// ClientID is the client_id of access tokens that people get by signing in here.
	ClientID string

	Sessions *session.Sessions
	Tokens   *accesstoken.Issuer
	Log      *slog.Logger
	Now      func() time.Time
}

// Door is what both doors hold in common.
type Door struct {
	Config
	origin  string          // scheme://host[:port] of PublicURL
	allowed map[string]bool // AllowedOrigins
	always  http.Header     // what every answer has; answers share its values, so it is never changed
	metrics *Metrics
}

// New returns the common part of the doors.
func New(c Config) *Door {
	d := &Door{Config: c, origin: c.PublicURL.Scheme + "://" + c.PublicURL.Host, allowed: map[string]bool{}, metrics: newMetrics()}
	d.always = http.Header{
		"X-Content-Type-Options": {"nosniff"},
		"Referrer-Policy":        {"no-referrer"},
		"X-Frame-Options":        {"DENY"},
	}
	if c.PublicURL.Scheme == "https" {
		d.always.Set("Strict-Transport-Security", "max-age=31536000")
	}
	if d.Cookies == (CookieNames{}) {
		d.Cookies = NamesFor(c.PublicURL)
	}
	for _, origin := range c.AllowedOrigins {
		d.allowed[origin] = true
	}
	return d
}

// Metrics returns what the doors count.
func (d *Door) Metrics() *Metrics { return d.metrics }

// Path puts the path of the public URL before a path of ours, for links, forms and redirects.
func (d *Door) Path(p string) string { return trimSlash(d.PublicURL.Path) + p }

func trimSlash(p string) string {
	for len(p) > 0 && p[len(p)-1] == '/' {
		p = p[:len(p)-1]
	}
	return p
}
