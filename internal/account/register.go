package account

import (
	"context"
	"errors"
	"fmt"

	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/user"
)

// Registration is what a new person gives.
type Registration struct {
	Email    string
	Username string // may be empty
	Name     string // may be empty
	Password string
	Delivery session.Delivery
	Device   session.Device
}

// Register makes an account and signs its person in.
//
// Errors: everything that is wrong with what was typed at once, as a user.Invalid, a *credential.WeakError, or both
// joined (look with errors.As for each); *limit.TooManyError; *user.TakenError.
func (a *Accounts) Register(ctx context.Context, r Registration) (session.Grant, error) {
	u, invalid := user.New(r.Email, r.Username, r.Name, a.now())
	weak := a.Policy.Check(r.Password, r.Email, r.Username, r.Name)
	if err := errors.Join(invalid, weak); err != nil {
		return session.Grant{}, err
	}
	if err := a.Limiter.Register(ctx, r.Device.Address); err != nil {
		return session.Grant{}, err
	}
	hash, err := a.Hasher.Hash(ctx, r.Password)
	if err != nil {
		return session.Grant{}, err
	}
	if err := a.Users.Create(ctx, u, hash); err != nil {
		return session.Grant{}, fmt.Errorf("register: %w", err)
	}
	return a.Sessions.Start(ctx, u, r.Delivery, []string{methodPassword}, r.Device)
}
