//go:build e2e

package e2e

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	neturl "net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestPromise25_CookiesWorkOnEveryLoopbackName(t *testing.T) {
	t.Parallel()
	p := start(t, "--access-ttl", "2s", "--refresh-window", "1s")
	for i, address := range []string{p.url, "http://" + p.host} {
		t.Run(hostOf(address), func(t *testing.T) {
			one := openBrowser(t).tab(t)
			one.registerOn(address, email(i))
			eventually(t, "the pair is replaced", func() bool { return one.replaced() >= 2 })
			one.click("header form button")
			one.waitPath("/login")
			one.signInOn(address, email(i), password)
			one.waitPath("/account")
			one.wantQuiet([]string{hostOf(address)})
		})
	}
}

// TestPromise25_CookiesOverHTTPSBelongToTheHostAlone puts TLS before the server, as production does.
func TestPromise25_CookiesOverHTTPSBelongToTheHostAlone(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	p := start(t, "--public-url", "https://localhost:"+port, "--access-ttl", "2s", "--refresh-window", "1s")
	proxy := httptest.NewUnstartedServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&neturl.URL{Scheme: "http", Host: p.host})
		r.Out.Host = r.In.Host
	}})
	proxy.Listener.Close()
	proxy.Listener = listener
	proxy.StartTLS()
	defer proxy.Close()

	one := openBrowser(t, chromedp.Flag("ignore-certificate-errors", true)).tab(t)
	one.registerOn(p.url, "ada@example.com")
	eventually(t, "the pair is replaced", func() bool { return one.replaced() >= 2 })
	kept := one.cookies(p.url)
	for _, name := range []string{"__Host-mayfly_access", "__Host-mayfly_refresh"} {
		if c := kept[name]; c == nil || !c.Secure || !c.HTTPOnly || c.Path != "/" || strings.HasPrefix(c.Domain, ".") {
			t.Errorf("%s: %+v", name, c)
		}
	}
	for name := range kept {
		if name == "mayfly_access" || name == "mayfly_refresh" {
			t.Errorf("%s is there, which a sibling sub-domain could plant", name)
		}
	}
	one.click("header form button")
	one.waitPath("/login")
	if left := one.cookies(p.url); left["__Host-mayfly_refresh"] != nil || left["__Host-mayfly_access"] != nil {
		t.Error("signed out, and cookies are left")
	}
	one.signInOn(p.url, "ada@example.com", password)
	one.waitPath("/account")
	one.wantQuiet([]string{hostOf(p.url)})
}

// TestPromise25_NoOtherSiteCanSpendTheCookies lets pages of other origins try. One is another site; the other, a port
// beside ours, is the same site to the browser, which sends the cookies along.
func TestPromise25_NoOtherSiteCanSpendTheCookies(t *testing.T) {
	t.Parallel()
	admin := "127.0.0.1:" + freePort(t)
	p := start(t, "--refresh-window", "1ms", "--admin-listen", admin)
	one := openBrowser(t).tab(t)
	one.registerOn(p.url, "ada@example.com")
	// The account page learns by one refresh who is signed in. After it nothing moves by itself.
	eventually(t, "the account page has refreshed", func() bool {
		return eval[bool](one, `performance.getEntriesByType("resource").some((e) => e.name.endsWith("/v1/refresh") && e.responseEnd > 0)`)
	})
	held := one.cookies(p.url)["mayfly_refresh"].Value
	inspected := p.mustMayfly("token", "inspect", held)
	before := refusedCrossOrigin(t, admin)

	foreign := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><title>win a prize</title><form method="post"></form>`)
	}))
	defer foreign.Close()
	tried := 0
	for _, origin := range []string{foreign.URL, strings.Replace(foreign.URL, "127.0.0.1", "localhost", 1)} {
		for _, path := range []string{"/v1/refresh", "/v1/logout", "/v1/logout?scope=all", "/logout"} {
			target := p.url + path
			for _, mode := range []string{"no-cors", "cors"} {
				one.open(origin)
				outcome := eval[string](one, fmt.Sprintf(
					`fetch(%q, {method: "POST", credentials: "include", mode: %q}).then((r) => r.type, (e) => "refused")`, target, mode))
				if want := map[string]string{"no-cors": "opaque", "cors": "refused"}[mode]; outcome != want {
					t.Errorf("%s fetches %s (%s): %q, want %q", origin, path, mode, outcome, want)
				}
				tried++
			}
			one.open(origin)
			eval[bool](one, fmt.Sprintf(`document.forms[0].action = %q; document.forms[0].submit(); true`, target))
			one.waitText("body", "page of another origin")
			tried++
		}
	}
	if refused := refusedCrossOrigin(t, admin) - before; refused != tried {
		t.Errorf("%d of %d attempts were refused", refused, tried)
	}
	if now := p.mustMayfly("token", "inspect", held); now != inspected || !strings.Contains(now, "good") {
		t.Errorf("the session has moved:\n%s\nit was\n%s", now, inspected)
	}
	if now := one.cookies(p.url)["mayfly_refresh"]; now == nil || now.Value != held {
		t.Error("the cookie has changed")
	}
	one.open(p.url + "/account")
	one.waitText("h1", "Hello, Ada Lovelace")
}

func refusedCrossOrigin(t *testing.T, admin string) (n int) {
	t.Helper()
	got := newAPI(t, "http://"+admin).must(t, http.StatusOK, "GET", "/metrics", "", nil)
	found := regexp.MustCompile(`mayfly_problems_total\{code="cross_origin_refused"\} (\d+)`).FindStringSubmatch(got.Body)
	if found != nil {
		fmt.Sscan(found[1], &n)
	}
	return n
}
