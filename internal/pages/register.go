package pages

import (
	"fmt"
	"net/http"

	"github.com/mayfly-auth/mayfly/internal/account"
	"github.com/mayfly-auth/mayfly/internal/credential"
	"github.com/mayfly-auth/mayfly/internal/session"
)

func (p *pages) registerForm() *form {
	return newForm(
		form{ID: "register", Action: "/register", Submit: "Create account", Refused: "Your account was not created."},
		// An email is what people sign in with, so that is what a password manager shall keep as the username.
		field{Name: "email", Label: "Email", Autocomplete: "username", Email: true},
		field{Name: "name", Label: "Name", Optional: true, Autocomplete: "name", Hint: "What you like to be called."},
		field{Name: "username", Label: "Username", Optional: true, Autocomplete: "nickname", Hint: "A short name to sign in with instead of the email."},
		field{
			Name: "password", Label: "Password", Autocomplete: "new-password", Secret: true,
			Hint: p.passwordHint(),
		},
	)
}

// passwordHint says before anybody types what the policy asks for.
func (p *pages) passwordHint() string {
	least := p.Accounts.Policy.MinLength
	if least == 0 {
		least = credential.DefaultMinLength
	}
	return fmt.Sprintf("At least %d characters. A few words that do not belong together are easy to remember and hard to guess.", least)
}

func (p *pages) registerPage(w http.ResponseWriter, r *http.Request) error {
	switch _, err := p.visitor(r); {
	case err == nil:
		p.say(w, "already-in")
		return p.redirect(w, r, accountPath)
	case !isStranger(err):
		return err
	}
	return p.showRegister(w, r, http.StatusOK, p.registerForm())
}

func (p *pages) register(w http.ResponseWriter, r *http.Request) error {
	f := p.registerForm()
	if err := f.read(r); err != nil {
		return err
	}
	grant, err := p.Accounts.Register(r.Context(), account.Registration{
		Email:    f.value("email"),
		Username: f.value("username"),
		Name:     f.value("name"),
		Password: f.value("password"),
		Delivery: session.Cookie,
		Device:   p.Door.Device(r),
	})
	if err != nil {
		return p.showRegister(w, r, p.refuse(w, r, f, err), f)
	}
	p.say(w, "registered")
	return p.arrive(w, r, grant, accountPath)
}

func (p *pages) showRegister(w http.ResponseWriter, r *http.Request, status int, f *form) error {
	return p.show(w, status, "register", page{Title: "Create your account", Notice: p.said(w, r), Content: f})
}
