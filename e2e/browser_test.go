//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// openBrowser starts a Chromium with a fresh profile, which is gone at the end of the test.
func openBrowser(t *testing.T, more ...chromedp.ExecAllocatorOption) *browser {
	t.Helper()
	options := append([]chromedp.ExecAllocatorOption{
		chromedp.ExecPath(findBrowser(t)),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.NoFirstRun,
		chromedp.NoSandbox, // as root Chromium has none
		chromedp.DisableGPU,
		chromedp.Flag("headless", "new"),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true),
	}, more...)
	allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // closes it as a person would; it may have gone already
		cancel()
		end()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return &browser{ctx}
}

func findBrowser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("no browser: install chromium (`apt-get install chromium`) or put google-chrome into PATH")
	return ""
}

type browser struct{ ctx context.Context }

// tab is one tab, and what happened in it.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu        sync.Mutex
	requests  []string // addresses
	complains []string // what the console has that a developer would mind
}

// tab opens one. The tabs of a browser share their cookies.
func (b *browser) tab(t *testing.T) *tab {
	t.Helper()
	one := &tab{t: t}
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithListener(one.notice))
	t.Cleanup(cancel)
	one.ctx = ctx
	one.do(chromedp.Navigate("about:blank"))
	return one
}

// notice takes down requests, and complaints of the console: errors, exceptions, and violations of the content policy,
// which Chromium logs as errors.
func (b *tab) notice(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	case *runtime.EventExceptionThrown:
		b.complains = append(b.complains, "exception: "+e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "warning" || e.Type == "assert" {
			text := string(e.Type) + ":"
			for _, arg := range e.Args {
				text += " " + string(arg.Value) + arg.Description
			}
			b.complains = append(b.complains, text)
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == "error" || e.Entry.Level == "warning" {
			b.complains = append(b.complains, fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	}
}

// do performs actions, within half a minute.
func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := b.ctx, context.CancelFunc(func() {})
	if chromedp.FromContext(b.ctx).Target != nil { // a deadline on the first action would end the tab with it
		ctx, cancel = context.WithTimeout(b.ctx, 30*time.Second)
	}
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatalf("%v, on a page that says:\n%s", err, b.text("body"))
	}
}

func (b *tab) open(address string) {
	b.t.Helper()
	b.do(chromedp.Navigate(address))
}

func (b *tab) fill(id, text string) {
	b.t.Helper()
	b.do(chromedp.SendKeys(chromedp.CSS("#"+id), text))
}

func (b *tab) click(selector string) {
	b.t.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector)))
}

// eval runs JavaScript in the page and returns what it gives; the zero value while the page is changing.
func eval[T any](b *tab, script string) T {
	ctx, cancel := context.WithTimeout(b.ctx, 10*time.Second)
	defer cancel()
	await := chromedp.EvalAwaitPromise
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, await))
	if err != nil {
		var none T
		return none
	}
	return value
}

func (b *tab) text(selector string) string {
	return eval[string](b, fmt.Sprintf("document.querySelector(%q)?.innerText ?? ''", selector))
}

func (b *tab) path() string { return eval[string](b, "location.pathname") }

func (b *tab) waitPath(path string) {
	b.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); b.path() != path || !b.loaded(); {
		if time.Now().After(deadline) {
			b.t.Fatalf("the tab is at %s, want %s; it says:\n%s", b.path(), path, b.text("body"))
		}
		<-time.After(25 * time.Millisecond)
	}
}

func (b *tab) loaded() bool { return eval[string](b, "document.readyState") == "complete" }

func (b *tab) waitText(selector, part string) {
	b.t.Helper()
	eventually(b.t, fmt.Sprintf("%s says %q; the page says\n%s", selector, part, b.text("body")), func() bool {
		return strings.Contains(b.text(selector), part)
	})
}

// cookies returns the browser's cookies for an address, by name.
func (b *tab) cookies(address string) map[string]*network.Cookie {
	b.t.Helper()
	got, err := chromedp.Call(b.ctx, network.GetCookies, network.GetCookiesParams{URLs: []string{address}})
	if err != nil {
		b.t.Fatal(err)
	}
	all := map[string]*network.Cookie{}
	for _, one := range got.Cookies {
		all[one.Name] = one
	}
	return all
}

// wantQuiet fails for every complaint of the console, but for those whose text has a part that the test foresaw, and for
// every request to another host than those named.
func (b *tab) wantQuiet(hosts []string, foreseen ...string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, text := range b.complains {
		if !slices.ContainsFunc(foreseen, func(part string) bool { return strings.Contains(text, part) }) {
			b.t.Errorf("the console says: %s", text)
		}
	}
	for _, address := range b.requests {
		u, err := url.Parse(address)
		if err != nil || (u.Host != "" && !slices.Contains(hosts, u.Host)) {
			b.t.Errorf("the page asks another host: %s", address)
		}
	}
	if len(b.requests) == 0 {
		b.t.Error("no request was seen: the test shows nothing")
	}
}

func hostOf(address string) string {
	u, _ := url.Parse(address)
	return u.Host
}
