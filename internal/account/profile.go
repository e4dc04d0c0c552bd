package account

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/user"
)

// Profile is what people may change about themselves. A nil field stays as it is.
type Profile struct {
	Email    *string // another one needs the current password
	Username *string // "" takes the username away
	Name     *string
}

// UpdateProfile makes the change and returns the user as it then is. The caller's password may be empty unless the email
// changes: whoever owns the email will own the account.
//
// Errors: user.Invalid, which names a missing password as the field "current_password"; *user.TakenError;
// ErrCredentials; *limit.TooManyError; user.ErrNotFound.
func (a *Accounts) UpdateProfile(ctx context.Context, c Caller, p Profile) (user.User, error) {
	u, err := a.Users.Find(ctx, c.User)
	if err != nil {
		return user.User{}, fmt.Errorf("update profile: %w", err)
	}
	change, err := user.Change{Email: p.Email, Username: p.Username, Name: p.Name}.Parse()
	if err != nil {
		return user.User{}, err
	}
	if change.Email == nil || *change.Email == u.Email {
		change.Email = nil
		return a.update(ctx, c.User, change)
	}
	if c.Password == "" {
		return user.User{}, user.Invalid{{
			Field:  "current_password",
			Detail: "Changing the email address needs the current password.",
			Fix:    "Send the current password along.",
		}}
	}
	err = a.confirmed(ctx, c, func(string) error {
		u, err = a.update(ctx, c.User, change)
		return err
	})
	return u, err
}

func (a *Accounts) update(ctx context.Context, id uuid.UUID, c user.Change) (user.User, error) {
	u, err := a.Users.Update(ctx, id, c, a.now())
	if err != nil {
		return user.User{}, fmt.Errorf("update user: %w", err)
	}
	return u, nil
}
