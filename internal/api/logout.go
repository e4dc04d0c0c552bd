package api

import (
	"net/http"

	"github.com/mayfly-auth/mayfly/internal/door"
)

// logout answers 204 whatever it is given: expired, revoked, garbage or nothing. A database that cannot be reached is told
// (503), because then the session is not over, yet the cookies go all the same.
func (a *API) logout(w http.ResponseWriter, r *http.Request) error {
	scope, err := query(r, "scope", string(door.Local), string(door.Others), string(door.All))
	if err != nil {
		return err
	}
	if scope != string(door.Others) {
		a.Door.ClearCookies(w)
	}
	// An unreadable body or two cookies are no reason to stay: what else the request carries may do.
	token, _ := bodyToken(r)
	if token == "" {
		token, _ = a.Door.RefreshCookie(r)
	}
	if err := a.Door.Logout(r, token, door.LogoutScope(scope)); err != nil {
		return err
	}
	door.NoStore(w)
	w.WriteHeader(http.StatusNoContent)
	return nil
}
