package pages_test

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestSTD86_LookingChangesNothing(t *testing.T) {
	s := open(t, "")
	b := s.member("ada@example.com")
	s.signIn("ada@example.com")
	ended := s.signIn("ada@example.com")
	copied := s.browser()
	copied.setCookie("mayfly_refresh", ended.cookie("mayfly_refresh"))
	ended.post("/logout", nil)
	refresh, access := b.cookie("mayfly_refresh"), b.cookie("mayfly_access")
	s.pass(time.Minute) // the refresh window is over: whoever spends the token now rotates it
	before := s.rows()
	for _, who := range []*browser{b, copied, s.browser()} {
		for _, path := range []string{
			"/", "/login", "/register", "/account", "/logout", "/logout?scope=all", "/account/delete", "/account/sessions/end-others",
			"/account?notice=x", "/nowhere",
		} {
			who.get(path)
			who.do(http.MethodHead, path, nil, nil)
		}
	}
	if s.rows() != before {
		t.Error("the database changed")
	}
	if b.cookie("mayfly_refresh") != refresh || b.cookie("mayfly_access") != access {
		t.Error("the cookies changed")
	}
}

// Promise 25: no other site can spend the cookies, not even one on a sibling domain.
func TestPromise25_AForeignPageSendsNoForm(t *testing.T) {
	s := open(t, "")
	b := s.member("ada@example.com")
	account := b.user()
	end := func() string {
		s.signIn("ada@example.com")
		return endForm.FindStringSubmatch(b.get("/account").body)[1]
	}()
	before := s.rows()
	forms := map[string]url.Values{
		"/login":                       {"identifier": {"ada@example.com"}, "password": {goodPassword}},
		"/register":                    {"email": {"eve@example.com"}, "password": {goodPassword}},
		"/logout":                      {"scope": {"all"}},
		"/account/profile":             {"account": {account}, "name": {"Eve"}, "email": {"ada@example.com"}},
		"/account/password":            {"account": {account}, "current_password": {goodPassword}, "new_password": {"seven lamps under water"}},
		"/account/delete":              {"account": {account}, "current_password": {goodPassword}},
		"/account/sessions/end-others": {"account": {account}},
		end:                            {},
	}
	for name, from := range map[string]http.Header{
		"cross-site":           {"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}},
		"sibling":              {"Sec-Fetch-Site": {"same-site"}, "Origin": {"http://127.0.0.1:1"}},
		"old browser":          {"Origin": {"https://evil.example"}},
		"sandboxed":            {"Origin": {"null"}},
		"cross-site, no names": {"Sec-Fetch-Site": {"cross-site"}},
	} {
		from.Set("Content-Type", "application/x-www-form-urlencoded")
		for path, form := range forms {
			got := b.do(http.MethodPost, path, strings.NewReader(form.Encode()), from)
			if got.status != http.StatusForbidden || len(got.header.Values("Set-Cookie")) > 0 {
				t.Errorf("%s to %s: %d, %v", name, path, got.status, got.header)
			}
		}
	}
	if s.rows() != before {
		t.Error("the database changed")
	}
}

func TestSTD50_NoSignInLeadsAway(t *testing.T) {
	s := open(t, "/auth")
	s.member("ada@example.com")
	for _, next := range []string{
		"//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "https:evil.example", "https:/evil.example",
		"javascript:alert(1)", "data:text/html,x", "//evil.example/auth/account", "/auth/account//evil.example",
		"/auth//evil.example", "/%2f/evil.example", "/%5cevil.example", "%2f%2fevil.example", "/\t/evil.example", "/\n/evil.example",
		"\t//evil.example", " //evil.example", "/auth/account\r\nSet-Cookie: a=b", "/auth/account\x00", "/auth/../../evil",
		"/auth/account/../logout", "/auth/logout", "/auth/v1/logout", "/auth/account@evil.example", "/authaccount", "/account",
		"http://127.0.0.1.evil.example/auth/account", s.url + "/account", "", ".", "?", "#", "/auth/account?x=//evil.example", strings.Repeat("/", 4000),
	} {
		b := s.browser()
		page := b.get("/login?" + url.Values{"next": {next}}.Encode())
		page.shows(t, http.StatusOK, `name="next" value="/auth/account"`)
		got := b.post("/login", url.Values{"identifier": {"ada@example.com"}, "password": {goodPassword}, "next": {next}})
		got.goesTo(t, "/account")
		if to := b.get("/login?" + url.Values{"next": {next}}.Encode()); to.location != "/account" {
			t.Errorf("next=%q leads a signed-in visitor to %q", next, to.location)
		}
	}
	if got := s.browser().get("/login?next=/auth/account&next=//evil.example"); strings.Contains(got.body, "evil") {
		t.Error("a second next is taken")
	}
}

func TestWhatPeopleTypeIsTextAndNothingElse(t *testing.T) {
	s := open(t, "")
	const evil = `"><script>alert(1)</script><img src=x onerror='alert(2)'>{{.}}`
	b := s.browser()
	b.header.Set("User-Agent", evil)
	b.post("/register", url.Values{"email": {"ada@example.com"}, "name": {evil}, "password": {goodPassword}}).goesTo(t, "/account")
	other := s.browser()
	other.header.Set("User-Agent", "Evil/"+evil)
	other.post("/login", url.Values{"identifier": {"ada@example.com"}, "password": {goodPassword}})
	other.header.Del("User-Agent")
	page := b.get("/account")
	page.shows(t, http.StatusOK, "Hello, <bdi>"+strings.ReplaceAll(html.EscapeString(evil), "+", "&#43;"))
	answers := []answer{
		page,
		b.post("/account/profile", url.Values{"account": {b.user()}, "email": {evil}, "username": {evil}, "name": {evil}}),
		other.post("/logout", nil),
		s.browser().post("/login", url.Values{"identifier": {evil}, "password": {evil}, "next": {evil}}),
		s.browser().post("/register", url.Values{"email": {evil}, "username": {evil}, "name": {evil}, "password": {"x"}}),
		s.browser().get("/" + url.PathEscape(evil)),
		s.browser().get("/login?next=" + url.QueryEscape(evil)),
	}
	for i, got := range answers {
		if strings.Contains(got.body, "<script>alert") || strings.Contains(got.body, "<img src=x") {
			t.Errorf("answer %d has markup that somebody typed\n%s", i, got.body)
		}
	}
}

func TestNoticesSayOnlyWhatTheSiteSays(t *testing.T) {
	s := open(t, "")
	b := s.browser()
	for _, planted := range []string{"Your account is hacked", "<b>x</b>", strings.Repeat("x", 3000)} {
		b.setCookie("mayfly_notice", planted)
		got := b.get("/login")
		got.shows(t, http.StatusOK, "data-notice hidden")
		got.hides(t, planted)
	}
	got := b.get("/login?notice=account-deleted")
	got.shows(t, http.StatusOK, "data-notice hidden")
}

// An unknown user costs what a known one does and reads the same (STD-96).
func TestSTD96_RefusedSignInsLookAlike(t *testing.T) {
	s := open(t, "")
	s.member("ada@example.com")
	bodies := map[string]bool{}
	for _, identifier := range []string{"ada@example.com", "eve@example.com"} {
		got := s.browser().post("/login", url.Values{"identifier": {identifier}, "password": {"wrong"}})
		bodies[strings.ReplaceAll(got.body, identifier, "?")] = true
	}
	if len(bodies) != 1 {
		t.Error("the page tells who exists")
	}
}
