//go:build e2e

package e2e

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// registerOn makes an account by the page, as a person would.
func (b *tab) registerOn(address, email string) {
	b.t.Helper()
	b.open(address + "/register")
	b.fill("register-email", email)
	b.fill("register-name", "Ada Lovelace")
	b.fill("register-password", password)
	b.click("#register > button")
	b.waitPath("/account")
}

func (b *tab) signInOn(address, identifier, password string) {
	b.t.Helper()
	b.open(address + "/login")
	b.fill("login-identifier", identifier)
	b.fill("login-password", password)
	b.click("#login > button")
}

// replaced returns how often the page says that the pair was replaced under its hood.
func (b *tab) replaced() int {
	words := b.text("[data-replaced]")
	if strings.Contains(words, "once") {
		return 1
	}
	n, _ := strconv.Atoi(regexp.MustCompile(`\d+`).FindString(words))
	return n
}

func TestAPersonStaysSignedIn(t *testing.T) {
	t.Parallel()
	p := start(t, "--access-ttl", "2s", "--refresh-window", "1s")
	first := openBrowser(t).tab(t)
	first.registerOn(p.url, "ada@example.com")
	first.waitText("h1", "Hello, Ada Lovelace")
	first.waitText("[data-notice]", "Welcome. Your account is ready")
	access, refresh := first.cookies(p.url)["mayfly_access"].Value, first.cookies(p.url)["mayfly_refresh"].Value

	eventually(t, "the pair is replaced under the hood, and the page shows it", func() bool { return first.replaced() >= 3 })
	now := first.cookies(p.url)
	if now["mayfly_access"].Value == access || now["mayfly_refresh"].Value == refresh {
		t.Error("the page says that the pair was replaced, and the cookies are the old ones")
	}
	for _, name := range []string{"mayfly_access", "mayfly_refresh"} {
		if !now[name].HTTPOnly || now[name].SameSite != "Lax" || now[name].Path != "/" {
			t.Errorf("cookie %s is %+v", name, now[name])
		}
	}
	if script := eval[string](first, "document.cookie"); strings.Contains(script, "mfr_") || strings.Contains(script, "eyJ") {
		t.Error("a script can read a token")
	}
	for range 3 {
		first.do(chromedp.Reload())
		first.waitPath("/account")
		first.waitText("h1", "Hello, Ada Lovelace")
	}

	// A page that keeps nothing alive: the access token is dead by the time it is opened again.
	first.open(p.url + "/docs")
	dead := first.cookies(p.url)["mayfly_access"].Value
	eventually(t, "the access token is dead", func() bool {
		out, _ := p.mayfly("token", "inspect", dead)
		return expired(out)
	})
	first.open(p.url + "/account")
	first.waitPath("/account")
	first.waitText("h1", "Hello, Ada Lovelace")
	eventually(t, "the pair lives again", func() bool { return first.replaced() >= 1 })
	first.wantQuiet([]string{hostOf(p.url)})
}

func TestTabsLiveTogetherAndSignOutTogether(t *testing.T) {
	t.Parallel()
	p := start(t, "--access-ttl", "2s", "--refresh-window", "1s")
	b := openBrowser(t)
	one, two := b.tab(t), b.tab(t)
	one.registerOn(p.url, "ada@example.com")
	two.open(p.url + "/account")
	two.waitPath("/account")
	eventually(t, "both tabs live through several tokens", func() bool { return one.replaced() >= 4 && two.replaced() >= 4 })
	for _, each := range []*tab{one, two} {
		if each.path() != "/account" {
			t.Errorf("a tab is at %s", each.path())
		}
		each.do(chromedp.Reload())
		each.waitText("h1", "Hello, Ada Lovelace")
	}
	if out := p.mustMayfly("session", "list", "ada@example.com", "--all"); strings.Count(out, "\n") != 2 {
		t.Errorf("two tabs are not one session:\n%s", out)
	}
	two.click("header form button")
	two.waitPath("/login")
	two.waitText("[data-notice]", "You are signed out on this device.")
	one.waitPath("/login")
	if left := one.cookies(p.url); left["mayfly_refresh"] != nil || left["mayfly_access"] != nil {
		t.Error("signed out, and cookies are left")
	}
	// A refresh that was on its way when the other tab signed out is told so.
	const told = "401 (Unauthorized) "
	one.wantQuiet([]string{hostOf(p.url)}, told+p.url+"/v1/refresh")
	two.wantQuiet([]string{hostOf(p.url)}, told+p.url+"/v1/refresh")
}

func TestTheSignInPageSaysWhy(t *testing.T) {
	t.Parallel()
	p := start(t, "--access-ttl", "2s", "--refresh-window", "50ms")
	b := openBrowser(t)
	one := b.tab(t)
	one.registerOn(p.url, "ada@example.com")
	for name, round := range map[string]struct {
		end  func()
		says string
	}{
		"an administrator": {func() { p.mustMayfly("session", "revoke", "ada@example.com", "--all") }, "An administrator ended the session."},
		"a copied token": {func() {
			// Whoever holds a copy uses it until the person's own is neither newest nor parent, or the theft comes to light.
			a := newAPI(t, p.url)
			copied := one.cookies(p.url)["mayfly_refresh"].Value
			for rounds := 0; rounds < 3 && copied != ""; rounds++ {
				copied = spendCopy(t, a, copied)
			}
		}, "somebody copied one"},
	} {
		round.end()
		one.waitPath("/login")
		one.waitText("main", "You were signed out.")
		one.waitText("main", round.says)
		if t.Failed() {
			t.Fatal(name)
		}
		one.signInOn(p.url, "ada@example.com", password)
		one.waitPath("/account")
	}
	// The answer that told the page is a 401, and Chromium writes those into the console.
	one.wantQuiet([]string{hostOf(p.url)}, "status of 401")
}

// spendCopy refreshes by cookie, as a thief without a browser would, until the token is another one, or "" because the
// session is over: the page refreshes too, and whichever of the two is displaced ends it for both.
func spendCopy(t *testing.T, a *api, token string) (next string) {
	t.Helper()
	eventually(t, "the copy buys the next token or ends the session", func() bool {
		got, err := a.refreshByCookie(token)
		next = got
		return err == nil && next != token
	})
	return next
}

func TestEverythingWorksWithoutJavaScript(t *testing.T) {
	t.Parallel()
	p := start(t)
	b := openBrowser(t)
	one := b.tab(t)
	if _, err := chromedp.Call(one.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	// A form that came back says what was wrong, and keeps what was typed, but the password.
	one.open(p.url + "/register")
	one.fill("register-email", "ada@example.com")
	one.fill("register-password", "password")
	one.click("#register > button")
	one.waitText("#register-problem", "Your account was not created.")
	if kept := eval[string](one, "document.querySelector('#register-email').value + document.querySelector('#register-password').value"); kept != "ada@example.com" {
		t.Errorf("the form kept %q", kept)
	}
	one.registerOn(p.url, "ada@example.com")
	one.waitText("main", "Without JavaScript nothing here moves, and everything works.")
	if one.replaced() != 0 {
		t.Error("a script runs")
	}

	// Another device, which this page ends.
	newAPI(t, p.url).login(t, "ada@example.com", password)
	one.do(chromedp.Reload())
	one.waitText("#devices", "Sign out all others")
	one.click(`#devices form[action^="/account/sessions/"]:not([action$="others"]) button`)
	one.waitText("[data-notice]", "That device is signed out.")
	if out := p.mustMayfly("session", "list", "ada@example.com"); strings.Count(out, "\n") != 2 {
		t.Errorf("one device should be left:\n%s", out)
	}

	one.click("header form button")
	one.waitPath("/login")
	one.waitText("[data-notice]", "You are signed out on this device.")
	one.signInOn(p.url, "ada@example.com", "a loud river at dusk")
	one.waitText("#login-problem", "The identifier or the password is wrong.")
	one.signInOn(p.url, "ada@example.com", password)
	one.waitPath("/account")
	one.waitText("h1", "Hello, Ada Lovelace")
	// A refused form is answered 422 or 401, and Chromium writes those into the console.
	one.wantQuiet([]string{hostOf(p.url)}, "status of 422", "status of 401")
}

// expired reads what `mayfly token inspect` says. The server itself accepts a token for half a minute longer, so what
// counts here is exp.
func expired(inspected string) bool {
	found := regexp.MustCompile(`"exp": (\d+)`).FindStringSubmatch(inspected)
	if found == nil {
		return false
	}
	exp, err := strconv.ParseInt(found[1], 10, 64)
	return err == nil && exp < unixNow()
}
