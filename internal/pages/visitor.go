package pages

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/mayfly-auth/mayfly/internal/door"
	"github.com/mayfly-auth/mayfly/internal/session"
)

// visitor returns the live session of the refresh cookie and changes nothing: door.ErrRefreshMissing without a cookie,
// session.ErrInvalid, *session.EndedError.
func (p *pages) visitor(r *http.Request) (session.Record, error) {
	token, err := p.Door.RefreshCookie(r)
	if err != nil {
		return session.Record{}, err
	}
	if token == "" {
		return session.Record{}, door.ErrRefreshMissing
	}
	return p.Sessions.Inspect(r.Context(), token)
}

// isStranger reports an error of visitor that means "sign in first". Every other means that nobody can tell now: that
// must not look like having been signed out.
func isStranger(err error) bool {
	var ended *session.EndedError
	return errors.Is(err, door.ErrRefreshMissing) || errors.Is(err, session.ErrInvalid) || errors.As(err, &ended)
}

type signedInHandler func(w http.ResponseWriter, r *http.Request, who session.Record) error

// signedIn lets a request through with the session it belongs to, and sends strangers to the sign-in page.
func (p *pages) signedIn(h signedInHandler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		who, err := p.visitor(r)
		switch {
		case isStranger(err):
			return p.toLogin(w, r)
		case err != nil:
			return err
		}
		return h(w, r, who)
	}
}

func (p *pages) toLogin(w http.ResponseWriter, r *http.Request) error {
	return p.redirect(w, r, loginPath+"?"+url.Values{"next": {p.Door.Path(accountPath)}}.Encode())
}

// arrive hands the pair of a new sign-in to the browser and sends it to the page it wanted.
func (p *pages) arrive(w http.ResponseWriter, r *http.Request, g session.Grant, next string) error {
	p.Door.Arrived(r, g)
	if _, err := p.Door.Deliver(w, g); err != nil {
		return err
	}
	return p.redirect(w, r, next)
}
