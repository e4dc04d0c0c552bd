package pages

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"net/http"
)

//go:embed templates/*.html
var templateFiles embed.FS

// templates are the pages by name, each with the layout around it.
type templates map[string]*template.Template

func parseTemplates() templates {
	layout := template.Must(template.ParseFS(templateFiles, "templates/layout.html", "templates/form.html", "templates/mayfly.html"))
	all := templates{}
	for _, name := range []string{"register", "login", "account", "error"} {
		all[name] = template.Must(template.Must(layout.Clone()).ParseFS(templateFiles, "templates/"+name+".html"))
	}
	return all
}

// page is what a template gets.
type page struct {
	Title    string
	Notice   notice
	SignedIn bool
	Wide     bool // without the picture beside it
	Content  any  // of the page's own template

	pages *pages
}

// Path puts the path of the public URL before a path of ours.
func (v page) Path(path string) string { return v.pages.Door.Path(path) }

// Asset is the address of a static file.
func (v page) Asset(name string) string { return v.pages.Door.Path(v.pages.assets.Path(name)) }

// Development says that this is somebody's first try.
func (v page) Development() bool { return v.pages.Development }

// With gives a part of a page its own subject and keeps the page at hand.
func (v page) With(subject any) part { return part{v, subject} }

type part struct {
	page
	Of any
}

// show sends a page. The whole is made before the first byte leaves, so a failure can still be told.
func (p *pages) show(w http.ResponseWriter, status int, name string, view page) error {
	view.pages = p
	var out bytes.Buffer
	if err := p.templates[name].ExecuteTemplate(&out, "layout", view); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.Copy(w, &out) // a visitor who has gone is nobody's loss
	return nil
}
