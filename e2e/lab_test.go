//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// openLab opens the Lab for somebody who wants no motion, which also lets its scenes follow without a pause.
func (b *tab) openLab(p *process) {
	b.t.Helper()
	still := []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: still}); err != nil {
		b.t.Fatal(err)
	}
	b.open(p.url + "/lab")
	b.waitScene("A person signs in")
}

// waitScene waits until a scene was played to its end.
func (b *tab) waitScene(title string) {
	b.t.Helper()
	eventually(b.t, fmt.Sprintf("%q is played; the page says\n%s", title, b.text("body")), func() bool {
		return eval[bool](b, fmt.Sprintf(
			"document.body.dataset.playing === 'no' && document.querySelector('.chapter h3')?.textContent === %q", title))
	})
	if trouble := b.shown("[data-trouble]"); trouble != "" {
		b.t.Fatalf("%q: %s", title, trouble)
	}
}

// shown is what an element says, "" while it is hidden.
func (b *tab) shown(selector string) string {
	if eval[bool](b, fmt.Sprintf("document.querySelector(%q).hidden", selector)) {
		return ""
	}
	return b.text(selector)
}

// newest is what the newest story of the time line says.
func (b *tab) newest() string { return b.text(".chapter") }

// scene is a button, the story it tells, and what must be read there, in this order.
type scene struct {
	act, title string
	says       []string
	over       string // why the picture says the session is over; "" while it lives
}

var scenes = []scene{
	{"call-a", "Call from tab A", []string{"Tab A GET /v1/me", "200", "The access token is alive"}, ""},
	{"call-b", "Call from tab B", []string{"Tab B GET /v1/me", "200", "hold the same pair"}, ""},
	{"expire", "The access token runs out", []string{
		"later", "GET /v1/me", "401", "the sign to refresh", "POST /v1/refresh", "200", "GET /v1/me", "200", "Ada stayed signed in",
	}, ""},
	{"lose", "An answer gets lost", []string{
		"shows refresh token 2", "lost", "Tab A still holds number 2", "shows refresh token 2", "200", "refresh token 3", "signs nobody out",
	}, ""},
	{"twenty", "Twenty calls at once", []string{"20 × GET /v1/me", "20 × 401", "POST /v1/refresh", "20 × GET /v1/me", "20 × 200", "1 refresh, 20 answers."}, ""},
	{"both", "Both tabs refresh at once", []string{"Tab A POST /v1/refresh", "refresh token 5", "Tab B POST /v1/refresh", "refresh token 5", "gives both the same answer"}, ""},
	{"restart", "The server restarts", []string{"Stops and starts again", "200", "POST /v1/refresh", "200", "Nobody was signed out."}, ""},
	{"keys", "The signing keys are rotated", []string{"is published", "200", "later", "POST /v1/refresh", "Signed with key", "nobody had to leave"}, ""},
	{"phone-ends", "The phone ends the browser’s session", []string{
		"Phone POST /v1/login", "GET /v1/sessions", "DELETE /v1/sessions/…", "204", "Tab A GET /v1/me", "401", "POST /v1/refresh", "401", "ended from another device",
	}, "ended from another device"},
	{"sign-in", "Signing in again", []string{"POST /v1/login", "200", "begin at number 1"}, ""},
	{"everywhere", "The phone signs out everywhere", []string{"POST /v1/logout?scope=all", "204", "401", "signed out everywhere"}, "signed out everywhere"},
	{"away", "Nobody comes back for too long", []string{"POST /v1/login", "30 days", "401", "longer than the idle timeout"}, "not used for too long"},
	{"steal", "The refresh token is stolen", []string{"POST /v1/login", "Refresh token 1 is copied", "two people hold the same token"}, ""},
	{"thief", "The thief uses the copy", []string{"later", "Thief POST /v1/refresh", "shows refresh token 1", "200", "refresh token 2", "The thief is in"}, ""},
	{"victim", "The victim uses the original", []string{"later", "Tab A POST /v1/refresh", "shows refresh token 1", "200", "refresh token 3", "worthless"}, ""},
	{"thief", "The thief uses the copy", []string{
		"Thief POST /v1/refresh", "shows refresh token 2", "401", "somebody copied one", "Tab A POST /v1/refresh", "401", "ended the session for both",
	}, "a copied refresh token was used"},
	{"victim", "The victim uses the original", []string{"POST /v1/login", "is copied", "Tab A POST /v1/refresh", "refresh token 2", "one step behind"}, ""},
}

func TestTheLabShowsEveryButtonsStory(t *testing.T) {
	t.Parallel()
	p := start(t)
	one := openBrowser(t).tab(t)
	one.registerOn(p.url, "grace@example.com") // what is done in the Lab must not reach the real account
	one.openLab(p)
	pressed := map[string]bool{}
	for _, s := range scenes {
		pressed[s.act] = true
		one.click(fmt.Sprintf("[data-act=%q]", s.act))
		one.waitScene(s.title)
		wantInOrder(t, s.title, one.newest(), s.says)
		if why := one.shown("[data-over]"); (s.over == "") != (why == "") || !strings.Contains(why, s.over) {
			t.Errorf("%s: the picture says %q, want %q", s.title, why, s.over)
		}
		if caption := one.text("[data-caption]"); caption == "" || !strings.Contains(one.newest(), caption) {
			t.Errorf("%s: a screen reader hears %q", s.title, caption)
		}
	}
	for _, act := range eval[[]string](one, "[...document.querySelectorAll('[data-act]')].map((button) => button.dataset.act)") {
		if !pressed[act] {
			t.Errorf("the button %s was never pressed", act)
		}
	}
	one.wantQuiet([]string{hostOf(p.url)}, "status of 401") // refusals are part of the story, and Chromium writes them down
	one.open(p.url + "/account")
	one.waitText("h1", "Hello, Ada Lovelace")
}

func wantInOrder(t *testing.T, title, text string, parts []string) {
	t.Helper()
	rest := text
	for _, part := range parts {
		_, after, found := strings.Cut(rest, part)
		if !found {
			t.Errorf("%s: %q is missing, or not in this order, in\n%s", title, part, text)
			return
		}
		rest = after
	}
}

// Promise 4: what the page says of twenty calls is what the network saw.
func TestPromise4_TheLabsTwentyCallsMakeOneRefresh(t *testing.T) {
	t.Parallel()
	p := start(t)
	one := openBrowser(t).tab(t)
	one.openLab(p)
	before := one.asked("/v1/me")
	one.click(`[data-act="twenty"]`)
	one.waitScene("Twenty calls at once")
	if refreshes, calls := one.asked("/v1/refresh"), one.asked("/v1/me")-before; refreshes != 1 || calls != 40 {
		t.Errorf("%d refreshes and %d calls, want 1 and 2 × 20", refreshes, calls)
	}
	if dots := eval[int](one, "document.querySelectorAll('.chapter .swarm .ok').length"); dots != 20 {
		t.Errorf("%d dots are lit", dots)
	}
}

// asked is how many requests went to addresses with this end.
func (b *tab) asked(end string) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, address := range b.requests {
		if strings.HasSuffix(address, end) {
			n++
		}
	}
	return n
}

func TestTheLabTakesTheTokensApart(t *testing.T) {
	t.Parallel()
	p := start(t)
	one := openBrowser(t).tab(t)
	one.openLab(p)
	for _, part := range []string{"ES256", "at+jwt", "/lab/s/", "ada@example.com", "When it dies"} {
		one.waitText("[data-access-some]", part)
	}
	shown := eval[[]string](one, "[...document.querySelectorAll('[data-refresh-fields] tr')].map((row) => row.querySelector('code').textContent)")
	if want := []string{"version", "key id", "user", "session", "generation", "proof", "tag"}; !slices.Equal(shown, want) {
		t.Errorf("the refresh token is made of %q", shown)
	}
	value := func(box, name string) string {
		return eval[string](one, fmt.Sprintf(
			"[...document.querySelectorAll('[data-%s] tr')].find((row) => row.querySelector('code').textContent === %q)?.querySelector('.value').textContent ?? ''", box, name))
	}
	if value("refresh-fields", "session") != value("row", "id") || value("row", "id") != value("access-claims", "sid") || value("row", "id") == "" {
		t.Error("the tokens and the row do not name the same session")
	}
	one.click(`[data-act="expire"]`)
	one.waitScene("The access token runs out")
	if got := [3]string{value("refresh-fields", "generation"), value("row", "generation"), value("row", "parent")}; got != [3]string{"2", "2", "1"} {
		t.Errorf("after a refresh: token, row, parent are %q", got)
	}
	if stored := eval[int](one, "localStorage.length + sessionStorage.length + document.cookie.length"); stored != 0 {
		t.Error("the page keeps something outside of its memory")
	}
}

func TestTheLabsSlidersAndButtonsWorkByKeyboard(t *testing.T) {
	t.Parallel()
	p := start(t)
	one := openBrowser(t).tab(t)
	one.openLab(p)
	one.do(chromedp.Focus(chromedp.CSS("#access_ttl")), chromedp.KeyEvent(kb.Home))
	one.waitText(`output[for="access_ttl"]`, "5 seconds")
	if spoken := eval[string](one, "document.querySelector('#access_ttl').ariaValueText"); spoken != "5 seconds" {
		t.Errorf("a screen reader hears %q", spoken)
	}
	one.do(chromedp.Focus(chromedp.CSS("[data-lifetimes] button")), chromedp.KeyEvent(kb.Enter))
	one.waitScene("Other lifetimes")
	wantInOrder(t, "lifetimes", one.newest(), []string{"your lifetimes", "POST /v1/refresh", "200", "it lives 5 seconds"})
	eventually(t, "a life of five seconds runs out by itself", func() bool { return one.text("[data-state]") == "dead" })
	one.do(chromedp.Focus(chromedp.CSS(`[data-act="call-b"]`)), chromedp.KeyEvent(kb.Enter))
	one.waitScene("Call from tab B")
	wantInOrder(t, "call", one.newest(), []string{"401", "POST /v1/refresh", "200", "200"})
	if focus := eval[string](one, "document.activeElement.dataset.act"); focus != "call-b" {
		t.Errorf("the focus has gone to %q", focus)
	}
	one.wantQuiet([]string{hostOf(p.url)}, "status of 401")
}

func TestTheLabSaysThatItsSandboxIsGone(t *testing.T) {
	t.Parallel()
	p := start(t)
	b := openBrowser(t)
	one := b.tab(t)
	one.openLab(p)
	for range 4 { // as many as may be open, besides
		b.tab(t).openLab(p)
	}
	one.click(`[data-act="call-a"]`)
	one.waitText("[data-trouble]", "This sandbox was closed")
	one.click("[data-again]")
	one.waitScene("A person signs in")
	one.wantQuiet([]string{hostOf(p.url)}, "status of 404")
}

func TestTheLabFitsAPhoneAndAWideScreen(t *testing.T) {
	t.Parallel()
	p := start(t)
	one := openBrowser(t).tab(t)
	for _, width := range []int64{360, 768, 1280} {
		metrics := emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 740, DeviceScaleFactor: 1}
		if _, err := chromedp.Call(one.ctx, emulation.SetDeviceMetricsOverride, metrics); err != nil {
			t.Fatal(err)
		}
		one.openLab(p)
		one.click(`[data-act="phone-ends"]`)
		one.waitScene("The phone ends the browser’s session")
		one.click(`[data-act="thief"]`)
		one.waitScene("The thief uses the copy")
		if past := eval[int](one, "document.documentElement.scrollWidth - innerWidth"); past > 0 {
			t.Errorf("at %d px the page is %d px too wide", width, past)
		}
	}
}

func TestAKilledServersSandboxesAreRemovedAtItsNextStart(t *testing.T) {
	t.Parallel()
	p := start(t)
	openBrowser(t).tab(t).openLab(p)
	folders := func() []string {
		found, err := filepath.Glob(filepath.Join(p.data, "mayfly.db.lab", "*"))
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if len(folders()) != 1 {
		t.Fatalf("one page, and the sandboxes %v", folders())
	}
	p.kill()
	if len(folders()) != 1 {
		t.Fatal("a killed server tidied up: the test shows nothing")
	}
	p.run()
	if left := folders(); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	p.stop()
	if _, err := os.Stat(filepath.Join(p.data, "mayfly.db.lab")); err == nil {
		t.Error("a stopped server leaves the folder of its sandboxes")
	}
}
