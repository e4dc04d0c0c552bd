// Package pages is the HTML door: register, sign in, and the account page, one file for each page.
//
// It owns what a person sees and nothing else. A page calls the same use case as the JSON door and takes its words for
// a failure from package door, so the two can never differ in what they ask for or in what they say.
//
// Every form works without JavaScript: a POST ends in a 303 to a page that shows what came of it, or in the form again
// with what was typed, never the password, and what was wrong with it. The scripts add what only a script can: they
// keep the pair alive while a page stays open and let people watch it.
//
// Who a page belongs to is read from the refresh cookie, which outlives the access token. A GET looks at it and never
// spends it (STD-86), so a page that is reloaded, prefetched or opened in ten tabs changes nothing. Requests that a page
// of another origin sends are turned away before they get here (door.Guard), which is why forms carry no token.
package pages

import (
	"net/http"

	"github.com/mayfly-auth/mayfly/internal/account"
	"github.com/mayfly-auth/mayfly/internal/door"
	"github.com/mayfly-auth/mayfly/internal/session"
)

// Config is what the HTML door opens to.
type Config struct {
	Door     *door.Door
	Accounts *account.Accounts
	Sessions *session.Sessions
	// Development says that this is somebody's first try on their own machine.
	Development bool
}

type pages struct {
	Config
	templates templates
	assets    *door.Assets
}

type handler func(w http.ResponseWriter, r *http.Request) error

// Mount adds every page to mux, each under base, and the answer to every address that is nobody's.
func Mount(mux *http.ServeMux, base string, c Config) {
	p := &pages{Config: c, templates: parseTemplates(), assets: door.ReadAssets(staticFiles, "static")}
	routes := []struct {
		path      string
		get, post handler
	}{
		{"/{$}", p.home, nil},
		{"/register", p.registerPage, p.register},
		{"/login", p.loginPage, p.login},
		{"/logout", p.toAccount, p.logout},
		{"/account", p.signedIn(p.accountPage), nil},
		{"/account/profile", p.toAccount, p.signedIn(p.changeProfile)},
		{"/account/password", p.toAccount, p.signedIn(p.changePassword)},
		{"/account/sessions/end-others", p.toAccount, p.signedIn(p.endOthers)},
		{"/account/sessions/{id}/end", p.toAccount, p.signedIn(p.endSession)},
		{"/account/delete", p.toAccount, p.signedIn(p.deleteAccount)},
		{"/static/{version}/{name}", p.assets.Serve, nil},
		{"/sdk.js", p.assets.ServeLatest("sdk.js"), nil}, // for pages without a bundler
	}
	for _, route := range routes {
		mux.Handle("GET "+base+route.path, p.answering(route.get))
		allowed := "GET, HEAD"
		if route.post != nil {
			mux.Handle("POST "+base+route.path, p.answering(route.post))
			allowed += ", POST"
		}
		mux.Handle(base+route.path, p.answering(wrongMethod(allowed)))
	}
	if base != "" { // without this the mux itself redirects, and with a status that repeats a POST (STD-45)
		mux.Handle(base, p.answering(p.home))
	}
	mux.Handle("/", p.answering(p.nothingHere))
}

// longestBody is the most that a form may carry.
const longestBody = 64 << 10

// policy allows what the pages are made of and nothing else: no inline script or style, no foreign host, no frame
// around a page (STD-46, STD-48).
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func (p *pages) answering(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		door.NoStore(w)
		r.Body = http.MaxBytesReader(w, r.Body, longestBody)
		if err := h(w, r); err != nil {
			p.fail(w, r, err)
		}
	})
}

// redirect sends the visitor on with a GET, whatever the request was (STD-45). The path is one of ours, always.
func (p *pages) redirect(w http.ResponseWriter, r *http.Request, path string) error {
	http.Redirect(w, r, p.Door.Path(path), http.StatusSeeOther)
	return nil
}

// toAccount answers a visitor who presses Enter in the address bar while a refused form is shown.
func (p *pages) toAccount(w http.ResponseWriter, r *http.Request) error {
	return p.redirect(w, r, accountPath)
}

func wrongMethod(allowed string) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Allow", allowed)
		return &door.RequestError{Status: http.StatusMethodNotAllowed, Faults: []door.FieldFault{{
			Field: "method", Detail: "This page does not take " + r.Method + ".", Fix: "Open it in a browser.",
		}}}
	}
}
