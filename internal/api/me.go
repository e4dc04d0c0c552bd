package api

import (
	"net/http"

	"github.com/mayfly-auth/mayfly/internal/account"
	"github.com/mayfly-auth/mayfly/internal/door"
)

func (a *API) me(w http.ResponseWriter, r *http.Request) error {
	caller, err := a.Door.Authenticate(r)
	if err != nil {
		return err
	}
	door.NoStore(w)
	return answer(w, http.StatusOK, userView(caller.Owner))
}

func (a *API) updateMe(w http.ResponseWriter, r *http.Request) error {
	caller, err := a.Door.Authenticate(r)
	if err != nil {
		return err
	}
	f, err := readForm(r, false)
	if err != nil {
		return err
	}
	change := account.Profile{
		Email:    f.optionalText("email"),
		Username: f.optionalText("username"),
		Name:     f.optionalText("name"),
	}
	confirmed := confirming(caller, f.text("current_password", false))
	if err := f.done(); err != nil {
		return err
	}
	changed, err := a.Accounts.UpdateProfile(r.Context(), confirmed, change)
	if err != nil {
		return err
	}
	door.NoStore(w)
	return answer(w, http.StatusOK, userView(changed))
}

func (a *API) deleteMe(w http.ResponseWriter, r *http.Request) error {
	caller, err := a.Door.Authenticate(r)
	if err != nil {
		return err
	}
	f, err := readForm(r, false)
	if err != nil {
		return err
	}
	confirmed := confirming(caller, f.text("current_password", true))
	if err := f.done(); err != nil {
		return err
	}
	if err := a.Accounts.Delete(r.Context(), confirmed); err != nil {
		return err
	}
	a.Door.Event(r, "account deleted", caller.User, caller.ID)
	a.Door.ClearCookies(w)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *API) changePassword(w http.ResponseWriter, r *http.Request) error {
	caller, err := a.Door.Authenticate(r)
	if err != nil {
		return err
	}
	f, err := readForm(r, false)
	if err != nil {
		return err
	}
	confirmed := confirming(caller, f.text("current_password", true))
	password := f.text("new_password", true)
	if err := f.done(); err != nil {
		return err
	}
	if err := a.Accounts.ChangePassword(r.Context(), confirmed, password); err != nil {
		return err
	}
	a.Door.Event(r, "password changed", caller.User, caller.ID)
	door.NoStore(w)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func confirming(c door.Caller, password string) account.Caller {
	return account.Caller{User: c.User, Session: c.ID, Password: password}
}
