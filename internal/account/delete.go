package account

import (
	"context"
	"fmt"
)

// Delete removes the caller's account with every session and credential.
//
// Errors: ErrCredentials, also when it is gone already; *limit.TooManyError.
func (a *Accounts) Delete(ctx context.Context, c Caller) error {
	return a.confirmed(ctx, c, func(string) error {
		if err := a.Users.Delete(ctx, c.User); err != nil {
			return fmt.Errorf("delete account: %w", err)
		}
		return nil
	})
}
