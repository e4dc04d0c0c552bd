package pages_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// every returns an answer of each kind the HTML door gives, by name.
func every(t *testing.T, s *site) map[string]answer {
	b, stranger := s.member("ada@example.com"), s.browser()
	dead := s.browser()
	dead.setCookie("mayfly_refresh", "mfr_garbage")
	return map[string]answer{
		"home":           stranger.get("/"),
		"login":          stranger.get("/login"),
		"login, dead":    dead.get("/login"),
		"login, refused": stranger.post("/login", url.Values{"identifier": {"x"}, "password": {"y"}}),
		"register":       stranger.get("/register"),
		"register, bad":  stranger.post("/register", url.Values{"email": {"x"}}),
		"to login":       stranger.get("/account"),
		"account":        b.get("/account"),
		"account, bad":   b.post("/account/profile", url.Values{"account": {b.user()}, "email": {"x"}}),
		"saved":          b.post("/account/profile", url.Values{"account": {b.user()}, "email": {"ada@example.com"}}),
		"not found":      b.get("/nowhere"),
		"wrong method":   b.do(http.MethodPut, "/login", nil, nil),
		"signed out":     b.post("/logout", nil),
		"bad body":       b.do(http.MethodPost, "/login", strings.NewReader("{}"), http.Header{"Content-Type": {"application/json"}}),
	}
}

var inline = regexp.MustCompile(`(?i)<style|<script(?:[^>]*)>[^<]|<script>|\sstyle=|\son[a-z]+=|javascript:|<base|https?://`)

func TestEveryPageIsStrictAndKeptByNoCache(t *testing.T) {
	s := open(t, "")
	const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	for name, got := range every(t, s) {
		for header, want := range map[string]string{
			"Content-Security-Policy": policy,
			"Cache-Control":           "private, no-store",
			"Referrer-Policy":         "no-referrer",
			"X-Frame-Options":         "DENY",
			"X-Content-Type-Options":  "nosniff",
		} {
			if values := got.header.Values(header); len(values) != 1 || values[0] != want {
				t.Errorf("%s: %s is %q, want %q", name, header, values, want)
			}
		}
		if found := inline.FindString(got.body); found != "" {
			t.Errorf("%s: %q would be blocked or leave the site", name, found)
		}
		if got.status == http.StatusTemporaryRedirect || got.status == http.StatusPermanentRedirect {
			t.Errorf("%s: status %d repeats the POST", name, got.status)
		}
	}
}

func TestEveryFieldHasALabelAndEveryIDIsUnique(t *testing.T) {
	for _, got := range every(t, open(t, "")) {
		checkForms(t, got.body)
	}
}

var (
	anyID       = regexp.MustCompile(`\sid="([^"]+)"`)
	describedBy = regexp.MustCompile(`\saria-(?:describedby|labelledby)="([^"]+)"`)
	fragment    = regexp.MustCompile(`href="#([^"]+)"`)
	typedInput  = regexp.MustCompile(`<input id="([^"]+)"([^>]*)>`)
)

// checkForms looks for what a screen reader or a password manager would stumble over.
func checkForms(t *testing.T, body string) {
	t.Helper()
	ids := map[string]bool{}
	for _, m := range anyID.FindAllStringSubmatch(body, -1) {
		if ids[m[1]] {
			t.Errorf("id %s is there twice", m[1])
		}
		ids[m[1]] = true
	}
	for _, m := range describedBy.FindAllStringSubmatch(body, -1) {
		for _, id := range strings.Fields(m[1]) {
			if !ids[id] {
				t.Errorf("no element has the id %s that a field refers to", id)
			}
		}
	}
	for _, m := range fragment.FindAllStringSubmatch(body, -1) {
		if !ids[m[1]] {
			t.Errorf("a link leads to #%s, which is not there", m[1])
		}
	}
	for _, m := range typedInput.FindAllStringSubmatch(body, -1) {
		if !strings.Contains(body, `<label for="`+m[1]+`"`) {
			t.Errorf("%s has no label", m[1])
		}
		if !strings.Contains(m[2], "autocomplete=") {
			t.Errorf("%s has no autocomplete", m[1])
		}
		if strings.Contains(m[2], `type="password"`) && strings.Contains(m[2], "value=") {
			t.Errorf("%s is sent back", m[1])
		}
	}
}

var address = regexp.MustCompile(`(?:href|src|action|data-base|data-login|data-refresh)="([^"#]*)["#]`)

func TestEveryAddressLiesUnderThePathOfThePublicURL(t *testing.T) {
	s := open(t, "/auth")
	for name, got := range every(t, s) {
		for _, m := range address.FindAllStringSubmatch(got.body, -1) {
			if m[1] != "" && m[1] != "/auth" && !strings.HasPrefix(m[1], "/auth/") {
				t.Errorf("%s: %s leads out of /auth", name, m[1])
			}
		}
		if to := got.header.Get("Location"); to != "" && !strings.HasPrefix(to, "/auth/") {
			t.Errorf("%s: redirected to %s", name, to)
		}
	}
	b := s.browser()
	b.get("").goesTo(t, "/login")
	b.get("/").goesTo(t, "/login")
	b.get("/account").goesTo(t, "/login?next=%2Fauth%2Faccount")
	b.site.url = s.origin
	b.get("/").shows(t, http.StatusNotFound, `href="/auth/"`)
}

var asset = regexp.MustCompile(`"(/static/[^"]+)"`)

func TestTheClientLiesAtAnAddressThatStays(t *testing.T) {
	s := open(t, "/auth")
	b := s.browser()
	got := b.get("/sdk.js")
	got.shows(t, http.StatusOK, "createAuth")
	for header, want := range map[string]string{
		"Content-Type": "text/javascript; charset=utf-8", "Cache-Control": "no-cache", "Access-Control-Allow-Origin": "*",
	} {
		if got.header.Get(header) != want {
			t.Errorf("%s is %q, want %q", header, got.header.Get(header), want)
		}
	}
	b.do(http.MethodGet, "/sdk.js", nil, http.Header{"If-None-Match": {got.header.Get("ETag")}}).shows(t, http.StatusNotModified)
	b.do(http.MethodPost, "/sdk.js", nil, nil).shows(t, http.StatusMethodNotAllowed)
}

func TestStaticFilesAreKeptForEverUnderAnAddressThatChangesWithThem(t *testing.T) {
	s := open(t, "")
	b := s.member("ada@example.com")
	files := asset.FindAllStringSubmatch(b.get("/account").body, -1)
	if len(files) != 4 {
		t.Fatalf("the account page has %d files: %v", len(files), files)
	}
	kinds := map[string]string{"css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
	for _, file := range files {
		got := b.get(file[1])
		got.shows(t, http.StatusOK)
		if got.header.Get("Cache-Control") != "public, max-age=31536000, immutable" || len(got.header.Values("Set-Cookie")) > 0 {
			t.Errorf("%s: %v", file[1], got.header)
		}
		if kind := got.header.Get("Content-Type"); kind != kinds[file[1][len(file[1])-3:]] {
			t.Errorf("%s is %s", file[1], kind)
		}
		again := b.do(http.MethodGet, file[1], nil, http.Header{"If-None-Match": {got.header.Get("ETag")}})
		again.shows(t, http.StatusNotModified)
	}
	// While a release is rolled out, another node's page may ask this one.
	got := b.get("/static/000000000000/style.css")
	got.shows(t, http.StatusOK)
	if got.header.Get("Cache-Control") != "private, no-store" {
		t.Errorf("another version may be kept: %s", got.header.Get("Cache-Control"))
	}
	for _, path := range []string{"/static/x/nothing.css", "/static/x/..%2fstatic.go", "/static/x/%00", "/static/style.css"} {
		b.get(path).shows(t, http.StatusNotFound)
	}
}

func TestDevelopmentModeIsSaidOnLoopbackOnly(t *testing.T) {
	open(t, "").browser().get("/login").shows(t, http.StatusOK, "Development mode", `href="/docs"`)
}
