package pages

import (
	"net/http"

	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/user"
)

func (p *pages) passwordForm(u user.User) *form {
	return newForm(
		form{
			ID: "password", Action: "/account/password", Submit: "Change password", Refused: "Your password was not changed.",
			Hidden: forUser(u.ID.String()), Username: u.Email,
		},
		field{
			Name: currentPassword, Label: "Current password", Autocomplete: "current-password", Secret: true,
			Required: "The current password is missing.",
		},
		field{
			Name: "new_password", Label: "New password", Autocomplete: "new-password", Secret: true,
			Required: "The new password is missing.", Hint: p.passwordHint(),
		},
	)
}

func (p *pages) changePassword(w http.ResponseWriter, r *http.Request, who session.Record) error {
	f := p.passwordForm(who.Owner)
	mine, err := p.ownForm(r, f, who)
	switch {
	case err != nil:
		return err
	case !mine:
		return p.somebodyElse(w, r)
	}
	if err = f.complete(); err == nil {
		err = p.Accounts.ChangePassword(r.Context(), caller(who, f), f.value("new_password"))
	}
	if err != nil {
		return p.showAccount(w, r, p.refuse(w, r, f, err), who, f)
	}
	p.Door.Event(r, "password changed", who.User, who.ID)
	return p.done(w, r, "password-changed")
}
