package server

import (
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// sameSite reports whether a browser sends the cookies of one address with calls from pages of the other (SameSite=Lax):
// the same scheme, and the same domain right below a public suffix.
func sameSite(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && siteOf(a.Hostname()) == siteOf(b.Hostname())
}

// siteOf returns the domain that a host belongs to: example.co.uk for app.example.co.uk. An address, and a name that is
// a public suffix itself, stand for themselves.
func siteOf(host string) string {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if _, err := netip.ParseAddr(host); err == nil {
		return host
	}
	if domain, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return domain
	}
	return host
}

// crossSite returns the allowed origins whose pages get no cookies of this server.
func (s settings) crossSite() (origins []string) {
	for _, origin := range s.origins {
		if u, err := url.Parse(origin); err == nil && !sameSite(u, s.publicURL.URL) {
			origins = append(origins, origin)
		}
	}
	return origins
}

func crossSiteFinding(origins []string, public publicURL) Finding {
	return Finding{
		What: "allowed_origins", State: Doubtful,
		Detail: strings.Join(origins, ", ") + " and public_url " + public.String() + " are different sites: browsers send no cookies from " +
			"the one to the other, and everybody there would look signed out after a reload",
		Fix: "serve Mayfly under the app's own origin through a reverse proxy, or under a sub-domain of the same site with https " +
			"for both; only pages that keep the tokens themselves (delivery body) work as it is",
	}
}
