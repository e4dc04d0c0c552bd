package pages_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/server"
)

// secretTyped is in no answer, whatever goes wrong.
const secretTyped = "xyzzy-typed-secret"

type refusal struct {
	path   string
	form   url.Values
	status int
	bad    []string // ids of the fields marked as wrong
	says   []string
}

func (c refusal) check(t *testing.T, b *browser) {
	t.Helper()
	got := b.post(c.path, c.form)
	got.shows(t, c.status, c.says...)
	got.shows(t, c.status, `role="alert"`, "autofocus")
	got.hides(t, secretTyped, goodPassword)
	if marked := markedBad(got.body); !slices.Equal(marked, c.bad) {
		t.Errorf("marked as wrong: %v, want %v", marked, c.bad)
	}
	for i, id := range c.bad { // each can be reached from the summary; a sign-in has one line for its two fields
		if !strings.Contains(got.body, `<a href="#`+id+`"`) && (i == 0 || c.path != "/login") {
			t.Errorf("the summary does not lead to %s", id)
		}
	}
	for name, values := range c.form {
		if !strings.Contains(name, "password") && !strings.Contains(got.body, `value="`+values[0]+`"`) {
			t.Errorf("what was typed into %s is lost", name)
		}
	}
	checkForms(t, got.body)
}

var invalidInput = regexp.MustCompile(`<input id="([^"]+)"[^>]*aria-invalid="true"`)

func markedBad(body string) (ids []string) {
	for _, m := range invalidInput.FindAllStringSubmatch(body, -1) {
		ids = append(ids, m[1])
	}
	return ids
}

func TestARefusedFormComesBackWithEveryFaultAndWhatWasTyped(t *testing.T) {
	s := open(t, "")
	b := s.member("ada@example.com")
	s.member("bob@example.com").post("/account/profile", nil)
	ada := b.user()
	for name, c := range map[string]refusal{
		"register, all wrong": {
			"/register",
			url.Values{"email": {"nobody"}, "username": {"x"}, "name": {strings.Repeat("n", 101)}, "password": {"short"}},
			422,
			[]string{"register-email", "register-name", "register-username", "register-password"},
			[]string{"Your account was not created.", "The email address has no @.", "fewer than 3", "more than 100", "fewer than 8"},
		},
		"register, empty": {"/register", url.Values{}, 422, []string{"register-email", "register-password"}, []string{"The email address is missing."}},
		"register, guessable": {
			"/register",
			url.Values{"email": {"eve@example.com"}, "password": {"password123"}},
			422,
			[]string{"register-password"},
			[]string{"easy to guess"},
		},
		"register, taken": {
			"/register",
			url.Values{"email": {"ada@example.com"}, "password": {secretTyped}},
			409,
			[]string{"register-email"},
			[]string{"Somebody already has this email.", "Sign in instead"},
		},
		"login, empty": {
			"/login",
			url.Values{},
			422,
			[]string{"login-identifier", "login-password"},
			[]string{"The email or username is missing.", "The password is missing."},
		},
		"login, wrong": {
			"/login",
			url.Values{"identifier": {"ada@example.com"}, "password": {secretTyped}},
			401,
			[]string{"login-identifier", "login-password"},
			[]string{"The identifier or the password is wrong."},
		},
		"login, unknown": {
			"/login",
			url.Values{"identifier": {"nobody@example.com"}, "password": {secretTyped}},
			401,
			[]string{"login-identifier", "login-password"},
			[]string{"The identifier or the password is wrong."},
		},
		"profile, all wrong": {
			"/account/profile",
			url.Values{"account": {ada}, "email": {"a@b@c"}, "username": {"ü"}},
			422,
			[]string{"profile-username", "profile-email"},
			[]string{"Your profile was not saved.", "more than one @"},
		},
		"profile, email without password": {
			"/account/profile",
			url.Values{"account": {ada}, "email": {"new@example.com"}},
			422,
			[]string{"profile-current_password"},
			[]string{"needs the current password", "Type your current password."},
		},
		"profile, email with wrong password": {
			"/account/profile",
			url.Values{"account": {ada}, "email": {"new@example.com"}, "current_password": {secretTyped}},
			401,
			[]string{"profile-current_password"},
			[]string{"The current password is wrong."},
		},
		"profile, taken": {
			"/account/profile",
			url.Values{"account": {ada}, "email": {"bob@example.com"}, "current_password": {goodPassword}},
			409,
			[]string{"profile-email"},
			[]string{"Somebody already has this email."},
		},
		"password, empty": {
			"/account/password",
			url.Values{"account": {ada}},
			422,
			[]string{"password-current_password", "password-new_password"},
			[]string{"Your password was not changed."},
		},
		"password, weak": {
			"/account/password",
			url.Values{"account": {ada}, "current_password": {goodPassword}, "new_password": {"aaaaaaaaaaaa"}},
			422,
			[]string{"password-new_password"},
			[]string{"easy to guess"},
		},
		"password, wrong": {
			"/account/password",
			url.Values{"account": {ada}, "current_password": {secretTyped}, "new_password": {"seven lamps under water"}},
			401,
			[]string{"password-current_password"},
			[]string{"The current password is wrong."},
		},
		"delete, wrong": {
			"/account/delete",
			url.Values{"account": {ada}, "current_password": {secretTyped}},
			401,
			[]string{"delete-current_password"},
			[]string{"Your account was not deleted.", "<details open>"},
		},
	} {
		t.Run(name, func(t *testing.T) { c.check(t, b) })
	}
}

func TestTooManyAttemptsAreToldHowLongToWait(t *testing.T) {
	s := open(t, "")
	s.member("ada@example.com")
	b := s.browser()
	form := url.Values{"identifier": {"ada@example.com"}, "password": {secretTyped}}
	for range 10 {
		b.post("/login", form).shows(t, http.StatusUnauthorized)
	}
	// The person has signed in from this address before and gets ten more, see package limit.
	var got answer
	for range 11 {
		got = b.post("/login", form)
	}
	got.shows(t, http.StatusTooManyRequests, "too many failed attempts", `value="ada@example.com"`)
	if !regexp.MustCompile(`Try again in ((1|\d+) (minutes?|seconds?) ?)+\.`).MatchString(got.body) {
		t.Errorf("no time to wait is told\n%s", got.body)
	}
	if got.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	got.hides(t, secretTyped, "Retry-After") // the header's name is for programs
}

// Promise 21: nobody has to guess why they were signed out.
func TestPromise21_TheSignInPageSaysWhyTheSessionEnded(t *testing.T) {
	day := 24 * time.Hour
	for reason, c := range map[string]struct {
		end  func(s *site, b *browser)
		says string
	}{
		"idle":    {func(s *site, _ *browser) { s.pass(30 * day) }, "not used for longer than the idle timeout"},
		"age":     {func(s *site, _ *browser) { s.pass(90 * day) }, "reached its greatest age"},
		"garbage": {func(_ *site, b *browser) { b.setCookie("mayfly_refresh", "mfr_AAAA") }, "is not known here any more"},
		"device": {
			func(s *site, b *browser) {
				other := s.signIn("ada@example.com")
				other.post("/account/sessions/end-others", url.Values{"account": {other.user()}})
			},
			"ended from another device",
		},
		"everywhere": {
			func(s *site, _ *browser) { s.signIn("ada@example.com").post("/logout", url.Values{"scope": {"all"}}) },
			"The user signed out everywhere.",
		},
		"copied": {
			func(s *site, b *browser) {
				first := b.cookie("mayfly_refresh")
				for range 2 {
					s.pass(time.Minute)
					b.post("/v1/refresh", nil)
				}
				b.setCookie("mayfly_refresh", first)
				b.post("/v1/refresh", nil)
				b.setCookie("mayfly_refresh", first)
			},
			"somebody copied one",
		},
	} {
		t.Run(reason, func(t *testing.T) {
			s := open(t, "", func(c *server.Config) { c.SessionTTL, c.IdleTimeout = 90*day, 30*day })
			if reason == "age" {
				s = open(t, "", func(c *server.Config) { c.SessionTTL, c.IdleTimeout = 90*day, 100*day })
			}
			b := s.member("ada@example.com")
			c.end(s, b)
			b.get("/account").goesTo(t, "/login?next=%2Faccount")
			for range 2 { // a look takes nothing away
				b.get("/login?next=%2Faccount").shows(t, http.StatusOK, "You were signed out.", c.says)
			}
			b.post("/login", url.Values{"identifier": {"ada@example.com"}, "password": {goodPassword}}).goesTo(t, "/account")
			b.get("/account").shows(t, http.StatusOK)
		})
	}
}

// A database that does not answer is no reason to send anybody to the sign-in page.
func TestPromise3_OnlyATerminalAnswerSignsOut(t *testing.T) {
	s := open(t, "")
	b := s.member("ada@example.com")
	refresh := b.cookie("mayfly_refresh")
	s.close()
	for _, path := range []string{"/account", "/login", "/register", "/"} {
		got := b.get(path)
		if got.status < 500 || !strings.Contains(got.header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: %d %s", path, got.status, got.location)
		}
	}
	got := b.post("/login", url.Values{"identifier": {"ada@example.com"}, "password": {secretTyped}})
	if got.status < 500 || !strings.Contains(got.body, `value="ada@example.com"`) {
		t.Errorf("sign-in: %d\n%s", got.status, got.body)
	}
	got.hides(t, secretTyped, "sql")
	if b.cookie("mayfly_refresh") != refresh {
		t.Error("the session's cookie was taken away")
	}
	b.post("/logout", nil)
	if b.cookie("mayfly_refresh") != "" {
		t.Error("signing out left the cookie")
	}
}

func TestBodiesThatNoFormSendsAreRefused(t *testing.T) {
	s := open(t, "")
	b := s.browser()
	const urlencoded = "application/x-www-form-urlencoded"
	for name, c := range map[string]struct {
		kind, body string
		status     int
	}{
		"repeated field":   {urlencoded, "identifier=a&identifier=b&password=c", 400},
		"repeated hidden":  {urlencoded, "identifier=a&next=b&next=c&password=c", 400},
		"broken escape":    {urlencoded, "identifier=%zz", 400},
		"semicolons":       {urlencoded, "identifier=a;password=b", 400},
		"too large":        {urlencoded, "identifier=" + strings.Repeat("a", 64<<10), 413},
		"JSON":             {"application/json", `{"identifier":"a","password":"b"}`, 415},
		"multipart":        {"multipart/form-data; boundary=x", "--x--", 415},
		"plain text":       {"text/plain", "identifier=a", 415},
		"no type":          {"", "identifier=a", 415},
		"nearly that type": {urlencoded + "x", "identifier=a", 415},
	} {
		t.Run(name, func(t *testing.T) {
			got := b.do(http.MethodPost, "/login", strings.NewReader(c.body), http.Header{"Content-Type": {c.kind}})
			got.shows(t, c.status, "<h1>")
		})
	}
	t.Run("fields in the address are not read", func(t *testing.T) {
		b := s.member("ada@example.com")
		b.post("/logout", nil)
		got := b.post("/login?identifier=ada@example.com&password="+url.QueryEscape(goodPassword), nil)
		got.shows(t, 422, "The email or username is missing.")
	})
}

func TestTwoDifferentRefreshCookiesAreRefused(t *testing.T) {
	s := open(t, "")
	b := s.browser()
	b.header.Set("Cookie", "mayfly_refresh=mfr_a; mayfly_refresh=mfr_b")
	b.get("/account").shows(t, http.StatusBadRequest, "two different cookies", "Clear the cookies")
}

func TestUnknownAddressesGetAPageAndProgramsGetProblems(t *testing.T) {
	s := open(t, "")
	b := s.browser()
	b.get("/no/such/page").shows(t, http.StatusNotFound, "There is no page at this address.")
	got := b.do(http.MethodDelete, "/account", nil, nil)
	got.shows(t, http.StatusMethodNotAllowed)
	if got.header.Get("Allow") != "GET, HEAD" {
		t.Errorf("Allow: %q", got.header.Get("Allow"))
	}
	b.header.Set("Accept", "application/json")
	got = b.get("/no/such/page")
	got.shows(t, http.StatusNotFound, `"code":"not_found"`)
	if kind := got.header.Get("Content-Type"); kind != "application/problem+json" {
		t.Error(kind)
	}
}

func TestManyDevicesAreFoldedAndNoneIsLost(t *testing.T) {
	s := open(t, "")
	b := s.member("ada@example.com")
	for i := range 12 {
		other := s.browser()
		other.header.Set("User-Agent", fmt.Sprintf("curl/8.%d", i))
		other.post("/login", url.Values{"identifier": {"ada@example.com"}, "password": {goodPassword}})
	}
	page := b.get("/account")
	page.shows(t, http.StatusOK, "<summary>5 more</summary>")
	if n := len(endForm.FindAllString(page.body, -1)); n != 12 {
		t.Errorf("%d sessions can be ended", n)
	}
	first, _, _ := strings.Cut(page.body, `class="more"`)
	if !strings.Contains(first, "this device") {
		t.Error("this device, the oldest, is folded away")
	}
}
