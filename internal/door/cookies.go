package door

import (
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// CookieNames are the names under which the pair travels.
type CookieNames struct {
	Access, Refresh string
	// SignedIn is readable by scripts and says nothing but that there may be a session: anonymous visitors are spared a
	// refresh that must fail.
	SignedIn string
}

// ExpressNames are the names of countless tutorials, for the preset of that name.
var ExpressNames = CookieNames{Access: "accessToken", Refresh: "refreshToken", SignedIn: "mayfly_signed_in"}

// NamesFor returns the standard names: with the __Host- prefix over https, so that no sibling domain can plant one
// (RFC 6265bis section 4.1.3), without it on loopback http, where browsers would refuse the prefix.
func NamesFor(public *url.URL) CookieNames {
	prefix := ""
	if public.Scheme == "https" {
		prefix = "__Host-"
	}
	return CookieNames{Access: prefix + "mayfly_access", Refresh: prefix + "mayfly_refresh", SignedIn: "mayfly_signed_in"}
}

// longestCookie is the longest Max-Age that browsers keep (RFC 6265bis section 5.5).
const longestCookie = 400 * 24 * time.Hour

// setCookie writes the header by hand: every refresh sets three, and what they hold needs no look, names being ours and
// values base64url with dots.
func (d *Door) setCookie(w http.ResponseWriter, name, value string, life time.Duration) {
	maxAge := strconv.Itoa(int(max(0, min(life, longestCookie)) / time.Second)) // 0 takes the cookie away
	hidden, secure := "; HttpOnly", ""
	if name == d.Cookies.SignedIn {
		hidden = ""
	}
	if d.PublicURL.Scheme == "https" {
		secure = "; Secure"
	}
	w.Header().Add("Set-Cookie", name+"="+value+"; Path=/; Max-Age="+maxAge+hidden+secure+"; SameSite=Lax")
}

// ClearCookies takes all three cookies away, with the attributes they were set with.
func (d *Door) ClearCookies(w http.ResponseWriter) {
	NoStore(w)
	for _, name := range []string{d.Cookies.Access, d.Cookies.Refresh, d.Cookies.SignedIn} {
		d.setCookie(w, name, "", 0)
	}
}

// cookie returns the value of a cookie, "" if there is none. Two of one name that differ are refused: one of them was
// planted from somewhere else, and nothing tells which (STD-82).
func cookie(r *http.Request, name string) (string, error) {
	value := ""
	for i, c := range r.CookiesNamed(name) {
		if i > 0 && c.Value != value {
			return "", &RequestError{Status: http.StatusBadRequest, Faults: []FieldFault{{
				Field:  "cookie " + name,
				Detail: "The request carries two different cookies named " + name + ".",
				Fix:    "Clear the cookies of this site and of its parent domains, then sign in again.",
			}}}
		}
		value = c.Value
	}
	return value, nil
}

// NoStore forbids every cache to keep the answer, so that none can hand one person's credentials to another.
func NoStore(w http.ResponseWriter) { w.Header().Set("Cache-Control", "private, no-store") }
