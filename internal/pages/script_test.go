//go:build e2e

package pages_test

import (
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"
)

// settled says that the account page's client has found out which session it has.
const settled = "performance.getEntriesByType('resource').some((e) => e.name.endsWith('/v1/refresh') && e.responseEnd > 0)"

// A tab that knows its session follows only the end of that one.
func TestPromise11_ATabThatKnowsItsSessionFollowsItsSignOut(t *testing.T) {
	s := open(t, "")
	s.member("ada@example.com")
	b := firstTab(t)
	b.signIn(s)
	b.until(settled)
	other := b.another()
	other.do(chromedp.Navigate(s.url + "/account"))
	other.until(settled)
	b.do(chromedp.Click(chromedp.CSS("header form button")))
	b.until("location.pathname === '/login'")
	other.until("location.pathname === '/login'")
}

// The server still sees the access cookie, the client has nothing to refresh with: each would send the page to the other.
func TestPromise4_APageWhoseClientSeesNobodyLoadsAnewOnceAndNoMore(t *testing.T) {
	s := open(t, "")
	s.member("ada@example.com")
	b := firstTab(t)
	var asked atomic.Int64
	s.answerRefresh(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusUnauthorized)
		w.Write([]byte(`{"status": 401, "code": "refresh_missing", "detail": "There is no refresh cookie."}`))
	})
	b.signIn(s)
	for !(asked.Load() >= 2) { // before, and after it loaded anew
		b.until("true")
	}
	b.do(chromedp.Evaluate[chromedp.Void]("window.stays = true"))
	b.until("performance.now() > 2000 && window.stays && document.querySelector('[data-bar]:not([hidden])')")
	if n := asked.Load(); n != 2 {
		t.Errorf("it asked %d times", n)
	}
}
