package pages

import (
	"net/http"

	"github.com/mayfly-auth/mayfly/internal/door"
)

// logout signs out whatever the browser holds: a dead session, garbage or nothing is no error. When the database cannot
// be reached the cookies go all the same, and the page says that the session itself is not over yet.
func (p *pages) logout(w http.ResponseWriter, r *http.Request) error {
	scope, said := door.Local, "signed-out"
	if posted, err := readPost(r); err == nil && posted.Get("scope") == string(door.All) {
		scope, said = door.All, "signed-out-all"
	}
	if scope == door.All {
		// Ending everything takes a live session. Without one this device leaves, and must not be told otherwise.
		if _, err := p.visitor(r); isStranger(err) {
			scope, said = door.Local, "signed-out-too-late"
		}
	}
	token, err := p.Door.RefreshCookie(r)
	if err != nil {
		token = "" // two cookies: what else the request carries may do
	}
	p.Door.ClearCookies(w)
	if err := p.Door.Logout(r, token, scope); err != nil {
		return err
	}
	p.say(w, said)
	return p.redirect(w, r, loginPath)
}
