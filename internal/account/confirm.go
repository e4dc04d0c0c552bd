package account

import (
	"context"

	"github.com/google/uuid"
)

// Caller is a signed-in person who is about to do what an access token alone must not be enough for: somebody who has
// copied one could otherwise take the account over (STD-100).
type Caller struct {
	User     uuid.UUID
	Session  uuid.UUID
	Password string // the current one, typed again
}

// confirmed does the step if the password is right. The step gets the hash that the password fits; when it finds that
// something has changed since, all is asked once more.
//
// ErrCredentials, *limit.TooManyError, and what the step returns.
func (a *Accounts) confirmed(ctx context.Context, c Caller, step func(hash string) error) error {
	ticket, err := a.Limiter.Confirm(ctx, c.Session.String())
	if err != nil {
		return err
	}
	for range 2 {
		var hash string
		if hash, _, err = a.judge(ctx, ticket, c.User, c.Password); err == nil {
			err = step(hash)
		}
		if !changed(err) {
			return err
		}
	}
	return ErrCredentials
}
