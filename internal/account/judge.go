package account

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/credential"
	"github.com/mayfly-auth/mayfly/internal/limit"
)

// judge checks a password, tells the limiter what came of it, and returns the hash that the password fits and whether
// it should be made anew. ErrCredentials.
//
// The limiter is told before anything follows from a right password: if it cannot be told, nothing has happened yet and
// the whole can be tried again. A ticket that was settled once stays so, so judging again costs no second attempt.
func (a *Accounts) judge(ctx context.Context, ticket *limit.Ticket, id uuid.UUID, password string) (hash string, rehash bool, err error) {
	hash, rehash, err = a.prove(ctx, id, password)
	switch {
	case err == nil:
		err = ticket.Succeeded(ctx)
	case errors.Is(err, ErrCredentials):
		ticket.Failed()
	default:
		err = errors.Join(err, ticket.Withdraw(ctx))
	}
	return hash, rehash, err
}

// prove does the same reads and the same hashing for a user who does not exist, whose id is uuid.Nil.
func (a *Accounts) prove(ctx context.Context, id uuid.UUID, password string) (hash string, rehash bool, err error) {
	hash, err = a.Credentials.PasswordHash(ctx, id)
	switch {
	case errors.Is(err, credential.ErrNotFound):
		if err := a.Hasher.VerifyDummy(ctx, password); err != nil {
			return "", false, err
		}
		return "", false, ErrCredentials
	case err != nil:
		return "", false, fmt.Errorf("find password: %w", err)
	}
	ok, rehash, err := a.Hasher.Verify(ctx, password, hash)
	if err == nil && !ok {
		err = ErrCredentials
	}
	return hash, rehash, err
}
