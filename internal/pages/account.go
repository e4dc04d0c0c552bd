package pages

import (
	"net/http"
	"time"

	"github.com/mayfly-auth/mayfly/internal/session"
)

// accountView is the content of the account page.
type accountView struct {
	User     string // the id: forms send it along, the script compares it
	Greeting string
	Email    string
	Pair     pairView
	Profile  *form
	Password *form
	Delete   *form
	Devices  devicesView
}

// pairView is what the script needs to begin with, and what the page says without one.
type pairView struct {
	// Left and Life are of the access token in the browser, in whole seconds, both 0 when it has none that is good.
	// They are spans and not moments, so that a wrong device clock changes nothing.
	Left, Life int
	Idle, TTL  string // "30 days"
	EndsBy     stamp
	IdleBy     stamp
}

func (p *pages) accountPage(w http.ResponseWriter, r *http.Request, who session.Record) error {
	return p.showAccount(w, r, http.StatusOK, who, nil)
}

// showAccount shows the account page, with one of its forms as it came back if refused is not nil.
func (p *pages) showAccount(w http.ResponseWriter, r *http.Request, status int, who session.Record, refused *form) error {
	all, err := p.Sessions.List(r.Context(), who.Owner, true)
	if err != nil {
		return err
	}
	view := accountView{
		User:     who.User.String(),
		Greeting: greeting(who),
		Email:    who.Owner.Email,
		Pair:     p.pair(r, who.Session),
		Profile:  profileForm(who.Owner),
		Password: p.passwordForm(who.Owner),
		Delete:   deleteForm(who.Owner),
		Devices:  devices(all, who.ID, p.Door.Now()),
	}
	for _, slot := range []**form{&view.Profile, &view.Password, &view.Delete} {
		if refused != nil && (*slot).ID == refused.ID {
			*slot = refused
		}
	}
	return p.show(w, status, "account", page{
		Title: "Your account", Notice: p.said(w, r), SignedIn: true, Wide: true, Content: view,
	})
}

func greeting(who session.Record) string {
	for _, name := range []string{who.Owner.Name, who.Owner.Username} {
		if name != "" {
			return name
		}
	}
	return who.Owner.Email
}

func (p *pages) pair(r *http.Request, s session.Session) pairView {
	view := pairView{
		Idle:   inWords(p.Sessions.IdleTimeout),
		TTL:    inWords(p.Sessions.TTL),
		IdleBy: stamp{p.Sessions.IdleExpiresAt(s)},
		EndsBy: stamp{s.ExpiresAt},
	}
	token, err := p.Door.AccessToken(r)
	if err != nil || token == "" {
		return view
	}
	claims, err := p.Door.Tokens.Verify(token)
	if err != nil || claims.Session != s.ID.String() {
		return view
	}
	if left := claims.ExpiresAt.Sub(p.Door.Now()); left >= time.Second { // a clock's leeway is nothing to promise
		view.Left = int(left / time.Second)
		view.Life = int(claims.ExpiresAt.Sub(claims.IssuedAt) / time.Second)
	}
	return view
}

// ownForm reads a form of the account page and says whether it was made for the person who is signed in now. Another
// tab may have signed in to another account since, and what was typed was meant for the first.
func (p *pages) ownForm(r *http.Request, f *form, who session.Record) (bool, error) {
	if err := f.read(r); err != nil {
		return false, err
	}
	return f.Hidden[madeFor] == who.User.String(), nil
}

// madeFor is the hidden field with the id of the user whom the page was shown to.
const madeFor = "account"

func forUser(id string) map[string]string { return map[string]string{madeFor: id} }

func (p *pages) somebodyElse(w http.ResponseWriter, r *http.Request) error {
	p.say(w, "somebody-else")
	return p.redirect(w, r, accountPath)
}

// done says what was done and shows the account page.
func (p *pages) done(w http.ResponseWriter, r *http.Request, said string) error {
	p.say(w, said)
	return p.redirect(w, r, accountPath)
}
