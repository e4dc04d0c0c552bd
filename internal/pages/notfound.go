package pages

import (
	"net/http"
	"strings"

	"github.com/mayfly-auth/mayfly/internal/door"
)

func (p *pages) nothingHere(http.ResponseWriter, *http.Request) error { return door.ErrNotFound }

// wantsHTML reports whether a person is likely to read the answer. A program at a wrong address gets problem+json.
func wantsHTML(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), "text/html") }
