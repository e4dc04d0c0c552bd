package pages

import (
	"net/http"

	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/user"
)

func deleteForm(u user.User) *form {
	return newForm(
		form{
			ID: "delete", Action: "/account/delete", Submit: "Delete my account", Refused: "Your account was not deleted.",
			Hidden: forUser(u.ID.String()), Username: u.Email, Danger: true,
		},
		field{
			Name: currentPassword, Label: "Current password", Autocomplete: "current-password", Secret: true,
			Required: "The current password is missing.",
		},
	)
}

func (p *pages) deleteAccount(w http.ResponseWriter, r *http.Request, who session.Record) error {
	f := deleteForm(who.Owner)
	mine, err := p.ownForm(r, f, who)
	switch {
	case err != nil:
		return err
	case !mine:
		return p.somebodyElse(w, r)
	}
	if err = f.complete(); err == nil {
		err = p.Accounts.Delete(r.Context(), caller(who, f))
	}
	if err != nil {
		return p.showAccount(w, r, p.refuse(w, r, f, err), who, f)
	}
	p.Door.Event(r, "account deleted", who.User, who.ID)
	p.Door.ClearCookies(w)
	p.say(w, "account-deleted")
	return p.redirect(w, r, loginPath)
}
