//go:build e2e

package pages_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/mayfly-auth/mayfly/server"
)

// tab is a tab of a real browser.
type tab struct {
	context.Context
	t *testing.T
}

type step = chromedp.Action[chromedp.Void]

// patience is for a condition that comes by itself; nothing is judged by how long it took.
const patience = 30 * time.Second

// firstTab starts a browser with a fresh profile.
func firstTab(t *testing.T) tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil { // waits for the browser to be gone, and its profile with it
			t.Log(err)
		}
		cancel()
		stop()
	})
	b := tab{ctx, t}
	b.do(chromedp.Navigate("about:blank"))
	return b
}

func (b tab) another() tab {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(b.Context)
	b.t.Cleanup(cancel)
	return tab{ctx, b.t}
}

func (b tab) do(steps ...step) {
	b.t.Helper()
	if err := chromedp.Do(b.Context, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// until waits for a JavaScript condition, which is asked anew after every navigation.
func (b tab) until(condition string) {
	b.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		ok, err := chromedp.Run(b.Context, chromedp.Evaluate[bool](fmt.Sprintf("document.readyState === 'complete' && Boolean(%s)", condition)))
		if err == nil && ok {
			return
		}
		if time.Now().After(deadline) {
			text, _ := chromedp.Run(b.Context, chromedp.Evaluate[string]("location.href + document.body.innerText"))
			b.t.Fatalf("never came true: %s (%v)\n%s", condition, err, text)
		}
		b.do(chromedp.Sleep(50 * time.Millisecond))
	}
}

func (b tab) signIn(s *site) {
	b.t.Helper()
	b.do(chromedp.Navigate(s.url+"/login"),
		chromedp.SetValue(chromedp.CSS("#login-identifier"), "ada@example.com"),
		chromedp.SetValue(chromedp.CSS("#login-password"), goodPassword),
		chromedp.Click(chromedp.CSS("#login > button")))
	b.until("location.pathname === '/account'")
}

const replaced = "document.querySelector('[data-replaced]')?.textContent.includes('replaced')"

func short(c *server.Config) { c.AccessTTL = 2 * time.Second }

func TestPromise16_AnOpenPageKeepsThePairAliveAndShowsIt(t *testing.T) {
	s := open(t, "", short)
	s.member("ada@example.com")
	b := firstTab(t)
	b.signIn(s)
	b.until("document.querySelector('[data-bar]').style.getPropertyValue('--life') > 0")
	b.until(replaced + " && document.querySelector('[data-state]').textContent === 'alive'")
	b.until("document.querySelector('[data-replaced]').textContent.includes('3 times')")
}

func TestPromise3_ABadAnswerToARefreshKeepsThePage(t *testing.T) {
	s := open(t, "", short)
	s.member("ada@example.com")
	b := firstTab(t)
	b.signIn(s)
	b.do(chromedp.Evaluate[chromedp.Void]("window.never = 'left'")) // the sign-in page would send us back, so look for that too
	bad := []http.HandlerFunc{
		func(w http.ResponseWriter, _ *http.Request) {
			w.Write([]byte("<html>Please sign in to the Wi-Fi</html>"))
		},
		func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, `{"code":"token_invalid"}`, http.StatusUnauthorized)
		},
		func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, `{"session_ended":true}`, http.StatusInternalServerError)
		},
		func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	}
	var count atomic.Int64
	asked := make(chan bool, 100)
	s.answerRefresh(func(w http.ResponseWriter, r *http.Request) {
		i := int(count.Add(1) - 1)
		asked <- true
		bad[min(i, len(bad)-1)](w, r)
	})
	for range bad { // each wait is about twice the one before
		<-asked
	}
	b.until("window.never === 'left' && document.querySelector('[data-trouble]:not([hidden])')?.textContent.includes('You stay signed in')")
	s.answerRefresh(nil)
	b.until("window.never === 'left' && document.querySelector('[data-trouble]').hidden && document.querySelector('[data-state]').textContent === 'alive'")
}

func TestPromise11_OtherTabsFollowASignOut(t *testing.T) {
	s := open(t, "")
	s.member("ada@example.com")
	b := firstTab(t)
	b.signIn(s)
	other := b.another()
	other.do(chromedp.Navigate(s.url + "/account"))
	other.until("document.querySelector('[data-bar]:not([hidden])')") // its script runs
	b.do(chromedp.Click(chromedp.CSS("header form button")))
	b.until("location.pathname === '/login'")
	other.until("location.pathname === '/login'")
}

func TestPromise21_TheScriptSaysWhyTheSessionEnded(t *testing.T) {
	s := open(t, "", short)
	s.member("ada@example.com")
	b := firstTab(t)
	b.signIn(s)
	elsewhere := s.signIn("ada@example.com")
	elsewhere.post("/account/sessions/end-others", url.Values{"account": {elsewhere.user()}})
	b.until("location.pathname === '/login' && document.querySelector('[data-notice]').textContent.includes('ended from another device')")
}

func TestPasswordsCanBeLookedAtAndAreHiddenWhenSent(t *testing.T) {
	s := open(t, "")
	b := firstTab(t)
	b.do(chromedp.Navigate(s.url + "/login"))
	b.until("document.querySelector('.show:not([hidden])')")
	b.do(chromedp.Click(chromedp.CSS(".show")))
	b.until("document.querySelector('#login-password').type === 'text' && document.querySelector('.show').getAttribute('aria-pressed') === 'true'")
	b.do(chromedp.Evaluate[chromedp.Void]("document.forms.login.addEventListener('submit', (e) => { e.preventDefault(); document.title = document.querySelector('#login-password').type })"),
		chromedp.Click(chromedp.CSS("#login > button")))
	b.until("document.title === 'password'")
}

// The summary of what is wrong is where keyboard and screen reader begin, without any script of ours.
func TestTheSummaryOfARefusedFormHasTheFocus(t *testing.T) {
	s := open(t, "")
	b := firstTab(t)
	b.do(chromedp.Navigate(s.url+"/login"), chromedp.Click(chromedp.CSS("#login > button")))
	b.until("document.activeElement.id === 'login-problem'")
	b.do(chromedp.Click(chromedp.CSS("#login-problem a")))
	b.until("document.activeElement.id === 'login-identifier'")
}
