package account

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/text/unicode/norm"

	"github.com/mayfly-auth/mayfly/internal/credential"
	"github.com/mayfly-auth/mayfly/internal/user"
)

// ChangePassword replaces the password and ends every session of the user except the caller's own (STD-7).
//
// Errors: *credential.WeakError, which comes first because it costs no attempt; ErrCredentials when the current
// password is wrong; *limit.TooManyError.
func (a *Accounts) ChangePassword(ctx context.Context, c Caller, password string) error {
	u, err := a.Users.Find(ctx, c.User)
	if errors.Is(err, user.ErrNotFound) {
		return ErrCredentials
	}
	if err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	if err := a.Policy.Check(password, about(u)...); err != nil {
		return err
	}
	return a.confirmed(ctx, c, func(old string) error {
		if norm.NFC.String(password) == norm.NFC.String(c.Password) {
			return &credential.WeakError{Detail: "The new password is the current one.", Fix: "Choose another password."}
		}
		hash, err := a.Hasher.Hash(ctx, password)
		if err != nil {
			return err
		}
		return a.replace(ctx, credential.Replacement{User: c.User, OldHash: old, NewHash: hash, Keep: c.Session})
	})
}

func (a *Accounts) replace(ctx context.Context, r credential.Replacement) error {
	r.EndSessions, r.At = true, a.now()
	if err := a.Credentials.ReplacePassword(ctx, r); err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	return nil
}
