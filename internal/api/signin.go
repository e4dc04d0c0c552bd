package api

import (
	"errors"
	"net/http"

	"github.com/mayfly-auth/mayfly/internal/account"
	"github.com/mayfly-auth/mayfly/internal/door"
	"github.com/mayfly-auth/mayfly/internal/session"
)

func (a *API) register(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r, false)
	if err != nil {
		return err
	}
	registration := account.Registration{
		Email:    f.text("email", true),
		Username: f.text("username", false),
		Name:     f.text("name", false),
		Password: f.text("password", true),
		Delivery: f.delivery(),
		Device:   a.Door.Device(r),
	}
	if err := f.done(); err != nil {
		return err
	}
	grant, err := a.Accounts.Register(r.Context(), registration)
	if err != nil {
		return err
	}
	a.Door.Arrived(r, grant)
	return a.signedIn(w, http.StatusCreated, grant)
}

func (a *API) login(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r, false)
	if err != nil {
		return err
	}
	login := account.Login{
		Identifier: f.text("identifier", true),
		Password:   f.text("password", true),
		Delivery:   f.delivery(),
		Device:     a.Door.Device(r),
	}
	if err := f.done(); err != nil {
		return err
	}
	grant, err := a.Accounts.Login(r.Context(), login)
	var ended *session.EndedError
	switch {
	case errors.As(err, &ended):
		return door.ErrDisabled
	case err != nil:
		return err
	}
	a.Door.Arrived(r, grant)
	return a.signedIn(w, http.StatusOK, grant)
}

func (f *form) delivery() session.Delivery {
	return session.Delivery(f.choice("delivery", string(session.Cookie), string(session.Hybrid), string(session.Body)))
}
