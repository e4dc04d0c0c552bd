package pages_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Everything here is done by forms alone: no script runs.

func TestPeopleRegisterAndArriveSignedIn(t *testing.T) {
	s := open(t, "")
	b := s.browser()
	b.get("/").goesTo(t, "/login")
	b.get("/register").shows(t, http.StatusOK, `autocomplete="new-password"`, "At least 8 characters")
	b.post("/register", url.Values{
		"email": {"ada@example.com"}, "username": {"ada"}, "name": {"Ada"}, "password": {goodPassword}, "unknown": {"ignored"},
	}).goesTo(t, "/account")
	b.get("/account").shows(t, http.StatusOK, "Hello, <bdi>Ada</bdi>", "Welcome.", "this device", "Firefox on Linux", "127.0.0.1")
	b.get("/account").hides(t, "Welcome.") // said once
	b.get("/").goesTo(t, "/account")
	b.get("/login").goesTo(t, "/account")
	b.get("/register").goesTo(t, "/account")
}

func TestPeopleSignInWithEmailOrUsername(t *testing.T) {
	s := open(t, "")
	s.browser().post("/register", url.Values{"email": {"ada@example.com"}, "username": {"ada"}, "password": {goodPassword}})
	for _, identifier := range []string{"ada@example.com", "ADA", " ada "} {
		b := s.signIn(identifier)
		b.get("/account").shows(t, http.StatusOK, "Hello, <bdi>ada</bdi>")
	}
}

func TestASignInEndsTheSessionWhoseCookieItReplaces(t *testing.T) {
	s := open(t, "")
	s.member("ada@example.com")
	b := s.signIn("ada@example.com")
	old := b.cookie("mayfly_refresh")
	b.post("/login", url.Values{"identifier": {"ada@example.com"}, "password": {goodPassword}}).goesTo(t, "/account")
	b.setCookie("mayfly_refresh", old)
	b.get("/account").goesTo(t, "/login?next=%2Faccount")
	b.get("/login").shows(t, http.StatusOK, "A new sign-in on this device took the session&#39;s place.")
}

func TestPeopleChangeTheirProfile(t *testing.T) {
	s := open(t, "")
	b := s.member("ada@example.com")
	form := url.Values{"account": {b.user()}, "name": {"Ada King"}, "username": {"ada"}, "email": {"ada@example.com"}}
	b.post("/account/profile", form).goesTo(t, "/account")
	b.get("/account").shows(t, http.StatusOK, "Your profile is saved.", `value="Ada King"`, `value="ada"`)

	form.Set("email", "king@example.com")
	form.Set("current_password", goodPassword)
	b.post("/account/profile", form).goesTo(t, "/account")
	s.signIn("king@example.com")
}

func TestPeopleChangeTheirPasswordAndStaySignedInHereOnly(t *testing.T) {
	s := open(t, "")
	b := s.member("ada@example.com")
	other := s.signIn("ada@example.com")
	b.post("/account/password", url.Values{
		"account": {b.user()}, "current_password": {goodPassword}, "new_password": {"seven lamps under water"},
	}).goesTo(t, "/account")
	b.get("/account").shows(t, http.StatusOK, "Your password is changed", "Ended because the password was changed")
	other.get("/account").goesTo(t, "/login?next=%2Faccount")
	other.get("/login").shows(t, http.StatusOK, "The password was changed, which ended this session.")
}

var endForm = regexp.MustCompile(`action="[^"]*(/account/sessions/[0-9a-f-]{36}/end)"`)

func TestPromise23_PeopleSeeAndEndTheirOwnSessions(t *testing.T) {
	s := open(t, "")
	b := s.member("ada@example.com")
	second, third := s.signIn("ada@example.com"), s.signIn("ada@example.com")
	page := b.get("/account")
	ends := endForm.FindAllStringSubmatch(page.body, -1)
	if n := strings.Count(page.body, "this device</span>"); len(ends) != 2 || n != 1 {
		t.Fatalf("%d sessions to end, %d marked as this device\n%s", len(ends), n, page.body)
	}
	b.post(ends[0][1], nil).goesTo(t, "/account") // the newest comes first
	b.get("/account").shows(t, http.StatusOK, "That device is signed out.", "Signed out from another device")
	third.get("/account").goesTo(t, "/login?next=%2Faccount")
	third.get("/login").shows(t, http.StatusOK, "The session was ended from another device.")
	second.get("/account").shows(t, http.StatusOK)

	b.post(ends[0][1], nil).goesTo(t, "/account") // a second click is no error
	b.get("/account").shows(t, http.StatusOK, "signed out already")

	b.post("/account/sessions/end-others", url.Values{"account": {b.user()}}).goesTo(t, "/account")
	second.get("/account").goesTo(t, "/login?next=%2Faccount")
	b.get("/account").shows(t, http.StatusOK, "No other device is signed in.")
}

func TestSessionsThatEndedLongAgoAreNotListed(t *testing.T) {
	s := open(t, "")
	s.member("ada@example.com")
	s.signIn("ada@example.com").post("/logout", nil)
	s.pass(29 * 24 * time.Hour)
	b := s.signIn("ada@example.com")
	b.get("/account").shows(t, http.StatusOK, "Ended in the last 30 days", "<span>Signed out</span>")
	s.pass(2 * 24 * time.Hour)
	b.get("/account").hides(t, "<span>Signed out</span>")
}

func TestNobodyEndsTheSessionOfSomebodyElse(t *testing.T) {
	s := open(t, "")
	ada := s.member("ada@example.com")
	s.signIn("ada@example.com")
	eve := s.member("eve@example.com")
	end := endForm.FindStringSubmatch(ada.get("/account").body)[1]
	before := s.rows()
	eve.post(end, nil).goesTo(t, "/account")
	eve.post("/account/sessions/not-an-id/end", nil).shows(t, http.StatusNotFound)
	if s.rows() != before {
		t.Error("the database changed")
	}
	// Eve is told the same as of an id that never was.
	said := eve.get("/account").body
	eve.post("/account/sessions/01890a5d-ac96-774b-bcce-b302099a8057/end", nil).goesTo(t, "/account")
	if got := eve.get("/account").body; !strings.Contains(said, "signed out already") || !strings.Contains(got, "signed out already") {
		t.Error("the two are told different things")
	}
}

func TestPromise11_SigningOutAlwaysWorks(t *testing.T) {
	s := open(t, "")
	live := s.member("ada@example.com")
	expired := s.signIn("ada@example.com")
	garbage := s.browser()
	garbage.setCookie("mayfly_refresh", "mfr_garbage")
	planted := s.browser()
	planted.header.Set("Cookie", "mayfly_refresh=a; mayfly_refresh=b")
	for name, b := range map[string]*browser{"live": live, "garbage": garbage, "two cookies": planted, "none": s.browser()} {
		b.post("/logout", nil).goesTo(t, "/login")
		if b.cookie("mayfly_refresh")+b.cookie("mayfly_access")+b.cookie("mayfly_signed_in") != "" {
			t.Errorf("%s: cookies are left", name)
		}
	}
	live.get("/login").shows(t, http.StatusOK, "You are signed out on this device.", "data-signed-out")
	s.pass(31 * 24 * time.Hour)
	expired.post("/logout", nil).goesTo(t, "/login")
	if expired.cookie("mayfly_refresh") != "" {
		t.Error("an expired session's cookie is left")
	}
}

func TestSigningOutEverywhereEndsEverySession(t *testing.T) {
	s := open(t, "")
	b, other := s.member("ada@example.com"), s.signIn("ada@example.com")
	b.post("/logout", url.Values{"scope": {"all"}}).goesTo(t, "/login")
	b.get("/login").shows(t, http.StatusOK, "signed out on every device")
	other.get("/account").goesTo(t, "/login?next=%2Faccount")

	// A session that is over ends no other, and nobody is told that it did.
	third := s.signIn("ada@example.com")
	other.post("/logout", url.Values{"scope": {"all"}}).goesTo(t, "/login")
	other.get("/login").hides(t, "on every device")
	third.get("/account").shows(t, http.StatusOK)
}

func TestPeopleDeleteTheirAccount(t *testing.T) {
	s := open(t, "")
	b := s.member("ada@example.com")
	b.post("/account/delete", url.Values{"account": {b.user()}, "current_password": {goodPassword}}).goesTo(t, "/login")
	b.get("/login").shows(t, http.StatusOK, "Your account is deleted")
	if b.cookie("mayfly_refresh")+b.cookie("mayfly_access") != "" {
		t.Error("cookies are left")
	}
	if rows := s.rows(); strings.Contains(rows, "ada@example.com") {
		t.Error("the account is still there")
	}
	b.post("/login", url.Values{"identifier": {"ada@example.com"}, "password": {goodPassword}}).shows(t, http.StatusUnauthorized)
}

// A page of one account is still open when another tab signs in to a second one: its forms were not meant for that.
func TestAFormOfOneAccountChangesNoOther(t *testing.T) {
	s := open(t, "")
	b := s.member("ada@example.com")
	ada := b.user()
	b.post("/login", url.Values{"identifier": {"ada@example.com"}, "password": {goodPassword}})
	b.post("/logout", nil)
	b.post("/register", url.Values{"email": {"bob@example.com"}, "password": {goodPassword}}).goesTo(t, "/account")
	b.get("/account")
	before := s.rows()
	for _, form := range []struct {
		path   string
		fields url.Values
	}{
		{"/account/profile", url.Values{"name": {"Ada"}, "email": {"bob@example.com"}}},
		{"/account/password", url.Values{"current_password": {goodPassword}, "new_password": {"seven lamps under water"}}},
		{"/account/sessions/end-others", url.Values{}},
		{"/account/delete", url.Values{"current_password": {goodPassword}}},
	} {
		form.fields.Set("account", ada)
		b.post(form.path, form.fields).goesTo(t, "/account")
		b.get("/account").shows(t, http.StatusOK, "Nothing was changed")
	}
	if s.rows() != before {
		t.Error("the database changed")
	}
}

// Whoever presses Enter in the address bar while a refused form is shown asks for its address with a GET.
func TestAddressesOfFormsLeadBackToTheirPage(t *testing.T) {
	s := open(t, "")
	b := s.member("ada@example.com")
	for _, path := range []string{
		"/logout", "/account/profile", "/account/password", "/account/delete", "/account/sessions/end-others",
		"/account/sessions/01890a5d-ac96-774b-bcce-b302099a8057/end",
	} {
		b.get(path).goesTo(t, "/account")
	}
	b.get("/account").shows(t, http.StatusOK) // nobody was signed out
}
