package api

import (
	"net/http"

	"github.com/mayfly-auth/mayfly/internal/door"
)

func (a *API) refresh(w http.ResponseWriter, r *http.Request) error {
	token, err := bodyToken(r)
	inCookie := token == ""
	if err == nil && inCookie {
		token, err = a.Door.RefreshCookie(r)
	}
	switch {
	case err != nil:
		return err
	case token == "":
		return door.ErrRefreshMissing
	}
	grant, err := a.Sessions.Refresh(r.Context(), token)
	if err != nil {
		if inCookie {
			a.Door.ClearDead(w, err)
		}
		return err
	}
	return a.signedIn(w, http.StatusOK, grant)
}

// bodyToken returns the refresh token in the body, "" if there is none. It comes before the cookie: the program put it
// there on purpose, the browser adds the cookie by itself.
func bodyToken(r *http.Request) (string, error) {
	f, err := readForm(r, true)
	if err != nil {
		return "", err
	}
	token := f.text("refresh_token", false)
	return token, f.done()
}
