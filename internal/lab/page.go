package lab

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"net/http"

	"github.com/mayfly-auth/mayfly/internal/door"
)

//go:embed static
var staticFiles embed.FS

//go:embed templates/lab.html
var pageSource string

// policy allows what the page is made of and nothing else: no inline script or style, no other host, no frame around it.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

type page struct{ *template.Template }

func parsePage() page { return page{template.Must(template.New("lab").Parse(pageSource))} }

// view is what the template gets.
type view struct{ lab *Lab }

// Path puts the path of the public URL before a path of ours.
func (v view) Path(path string) string { return v.lab.Door.Path(path) }

// Asset is the address of a static file of the Lab.
func (v view) Asset(name string) string {
	return v.lab.Door.Path(root + v.lab.assets.Path(name))
}

// Shared is the address of a static file of the pages. The Lab does not know their version; under another one they are
// given all the same and kept by no cache, which a page for one's own machine can bear.
func (v view) Shared(name string) string { return v.lab.Door.Path("/static/lab/" + name) }

func (l *Lab) showPage(w http.ResponseWriter, _ *http.Request) error {
	var out bytes.Buffer
	if err := l.page.Execute(&out, view{l}); err != nil {
		return fmt.Errorf("page of the lab: %w", err)
	}
	w.Header().Set("Content-Security-Policy", policy)
	door.NoStore(w)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.Copy(w, &out) // a visitor who has gone is nobody's loss
	return nil
}
