package pages

import (
	"errors"
	"net/http"

	"github.com/mayfly-auth/mayfly/internal/account"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/user"
)

func profileForm(u user.User) *form {
	return newForm(
		form{
			ID: "profile", Action: "/account/profile", Submit: "Save profile", Refused: "Your profile was not saved.",
			Hidden: forUser(u.ID.String()), Username: u.Email,
		},
		field{Name: "name", Label: "Name", Optional: true, Autocomplete: "name", Value: u.Name},
		field{
			Name: "username", Label: "Username", Optional: true, Autocomplete: "nickname", Value: u.Username,
			Hint: "3 to 32 letters, digits, dots, hyphens and underscores. Leave it empty for none.",
		},
		field{Name: "email", Label: "Email", Autocomplete: "email", Email: true, Value: u.Email},
		field{
			Name: currentPassword, Label: "Current password", Optional: true, Autocomplete: "current-password", Secret: true,
			Hint: "Only needed to change the email address.",
		},
	)
}

func (p *pages) changeProfile(w http.ResponseWriter, r *http.Request, who session.Record) error {
	f := profileForm(who.Owner)
	mine, err := p.ownForm(r, f, who)
	switch {
	case err != nil:
		return err
	case !mine:
		return p.somebodyElse(w, r)
	}
	email, username, name := f.value("email"), f.value("username"), f.value("name")
	_, err = p.Accounts.UpdateProfile(r.Context(), caller(who, f), account.Profile{Email: &email, Username: &username, Name: &name})
	switch {
	case errors.Is(err, user.ErrNotFound): // deleted meanwhile, from another device
		return p.toLogin(w, r)
	case err != nil:
		return p.showAccount(w, r, p.refuse(w, r, f, err), who, f)
	}
	return p.done(w, r, "profile-saved")
}

func caller(who session.Record, f *form) account.Caller {
	return account.Caller{User: who.User, Session: who.ID, Password: f.value(currentPassword)}
}
