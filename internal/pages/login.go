package pages

import (
	"errors"
	"net/http"

	"github.com/mayfly-auth/mayfly/internal/account"
	"github.com/mayfly-auth/mayfly/internal/door"
	"github.com/mayfly-auth/mayfly/internal/session"
)

// loginView is the content of the sign-in page.
type loginView struct {
	Form *form
	// Ended says why the browser's last session is over, so that nobody has to guess.
	Ended *endedView
}

type endedView struct {
	Detail, Fix string
	Alarm       bool // somebody else may hold a copy
}

func (p *pages) loginForm(next string) *form {
	return newForm(
		form{
			ID: "login", Action: loginPath, Submit: "Sign in", Refused: "You are not signed in yet.",
			Hidden: map[string]string{"next": next},
		},
		field{
			Name: "identifier", Label: "Email or username", Autocomplete: "username", Email: true,
			Required: "The email or username is missing.",
		},
		field{Name: "password", Label: "Password", Autocomplete: "current-password", Secret: true, Required: "The password is missing."},
	)
}

func (p *pages) loginPage(w http.ResponseWriter, r *http.Request) error {
	next := p.next(r.URL.Query().Get("next"))
	_, err := p.visitor(r)
	switch {
	case err == nil:
		return p.redirect(w, r, next)
	case !isStranger(err):
		return err
	}
	view := loginView{Form: p.loginForm(p.Door.Path(next)), Ended: p.whyEnded(w, r, err)}
	return p.showLogin(w, r, http.StatusOK, view)
}

// whyEnded explains a refresh cookie that buys nothing any more. The cookie stays until the next sign-in replaces it: a
// page that took it away could come late and take away a newer one.
func (p *pages) whyEnded(w http.ResponseWriter, r *http.Request, err error) *endedView {
	if errors.Is(err, door.ErrRefreshMissing) {
		return nil
	}
	told := p.Door.Explain(w, r, err)
	if told.Reason == "" {
		return &endedView{Detail: "The session that this browser remembers is not known here any more."}
	}
	return &endedView{Detail: told.Detail, Fix: told.Fix, Alarm: told.Reason == string(session.RefreshReused)}
}

func (p *pages) login(w http.ResponseWriter, r *http.Request) error {
	f := p.loginForm("")
	if err := f.read(r); err != nil {
		return err
	}
	next := p.next(f.value("next"))
	f.Hidden["next"] = p.Door.Path(next)
	grant, err := p.signIn(r, f)
	if err != nil {
		return p.showLogin(w, r, p.refuse(w, r, f, err), loginView{Form: f})
	}
	return p.arrive(w, r, grant, next)
}

func (p *pages) signIn(r *http.Request, f *form) (session.Grant, error) {
	if err := f.complete(); err != nil {
		return session.Grant{}, err
	}
	return p.Accounts.Login(r.Context(), account.Login{
		Identifier: f.value("identifier"),
		Password:   f.value("password"),
		Delivery:   session.Cookie,
		Device:     p.Door.Device(r),
	})
}

func (p *pages) showLogin(w http.ResponseWriter, r *http.Request, status int, view loginView) error {
	return p.show(w, status, "login", page{Title: "Sign in", Notice: p.said(w, r), Content: view})
}
