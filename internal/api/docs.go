package api

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"net/http"
	"strings"
	"sync"
)

// The contract is written by hand and comes first: the tests hold every answer against it, and the page is made from it.
//
//go:embed openapi.json
var contract []byte

//go:embed docs.css
var docsCSS []byte

// What the contract says of a server with default settings, and what is put in its place for this one.
const (
	writtenURL           = "http://localhost:8080"
	writtenAccessCookie  = "mayfly_access"
	writtenRefreshCookie = "mayfly_refresh"
)

// reference is the contract of this server and the page made from it. Both are made when they are first asked for, so
// that the start waits for neither.
type reference struct {
	contract func() resource
	page     func() (resource, error)
	style    func() resource
}

// resource is bytes that are the same for everybody.
type resource struct {
	contentType string
	body        []byte
	etag        string
}

func newReference(c Config) *reference {
	written := func() []byte {
		return []byte(strings.NewReplacer(
			writtenURL, trimmed(c.Door.PublicURL.String()),
			`"`+writtenAccessCookie+`"`, `"`+c.Door.Cookies.Access+`"`,
			`"`+writtenRefreshCookie+`"`, `"`+c.Door.Cookies.Refresh+`"`,
		).Replace(string(contract)))
	}
	return &reference{
		contract: sync.OnceValue(func() resource { return newResource("application/json", written()) }),
		page: sync.OnceValues(func() (resource, error) {
			html, err := renderDocs(written(), c)
			return newResource("text/html; charset=utf-8", html), err
		}),
		style: sync.OnceValue(func() resource { return newResource("text/css; charset=utf-8", docsCSS) }),
	}
}

func newResource(contentType string, body []byte) resource {
	sum := sha256.Sum256(body)
	return resource{contentType: contentType, body: body, etag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
}

func (a *API) openAPI(w http.ResponseWriter, r *http.Request) error {
	forAnybody(w.Header())
	return a.reference.contract().send(w, r)
}

func (a *API) docs(w http.ResponseWriter, r *http.Request) error {
	page, err := a.reference.page()
	if err != nil {
		return err
	}
	// The page needs its own style sheet and nothing else in the world.
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	return page.send(w, r)
}

func (a *API) docsStyle(w http.ResponseWriter, r *http.Request) error {
	return a.reference.style().send(w, r)
}

// send answers with the resource, or with 304 to somebody who has it.
func (s resource) send(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", s.etag)
	if strings.Contains(r.Header.Get("If-None-Match"), s.etag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", s.contentType)
	_, _ = w.Write(s.body)
	return nil
}
