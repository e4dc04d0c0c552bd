package account

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/credential"
	"github.com/mayfly-auth/mayfly/internal/limit"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/user"
)

// Login is what a person gives to sign in.
type Login struct {
	Identifier string // email or username
	Password   string
	Delivery   session.Delivery
	Device     session.Device
}

// Login signs a person in.
//
// Errors: ErrCredentials; *limit.TooManyError; *session.EndedError with reason UserDisabled, which only somebody with the
// right password gets to see.
func (a *Accounts) Login(ctx context.Context, l Login) (session.Grant, error) {
	u, err := a.lookUp(ctx, l.Identifier)
	if err != nil {
		return session.Grant{}, err
	}
	known := func(ctx context.Context) (bool, error) { return a.hasBeenAt(ctx, u, l.Device) }
	ticket, err := a.Limiter.SignIn(ctx, user.Key(l.Identifier), l.Device.Address, known)
	if err != nil {
		return session.Grant{}, err
	}
	grant, err := a.signIn(ctx, ticket, u, l)
	if changed(err) {
		// Somebody changed the user or the password while we looked: what we know is old, so all is asked again.
		if u, err = a.lookUp(ctx, l.Identifier); err == nil {
			grant, err = a.signIn(ctx, ticket, u, l)
		}
	}
	if changed(err) {
		err = ErrCredentials
	}
	return grant, err
}

// changed reports that a step found the user or the password no longer as they were judged.
func changed(err error) bool {
	return errors.Is(err, session.ErrUserChanged) || errors.Is(err, credential.ErrConflict) ||
		errors.Is(err, credential.ErrNotFound) || errors.Is(err, user.ErrNotFound)
}

// lookUp returns the user, or the zero User, whose id nobody has, for an identifier that nobody has.
func (a *Accounts) lookUp(ctx context.Context, identifier string) (user.User, error) {
	u, err := a.Users.FindByIdentifier(ctx, user.Key(identifier))
	if err != nil && !errors.Is(err, user.ErrNotFound) {
		return user.User{}, fmt.Errorf("find user: %w", err)
	}
	return u, nil
}

// hasBeenAt reports whether the user has signed in from this network before, as far back as sessions are kept.
func (a *Accounts) hasBeenAt(ctx context.Context, u user.User, dev session.Device) (bool, error) {
	all, err := a.Sessions.List(ctx, u, true)
	if err != nil {
		return false, err
	}
	for _, one := range all {
		// A session that ended because its token was copied may have been the copier's.
		if one.EndReason != session.RefreshReused && limit.SameNetwork(one.Device.Address, dev.Address) {
			return true, nil
		}
	}
	return false, nil
}

// signIn judges the password and opens the session. Besides the errors of Login it returns those of changed.
func (a *Accounts) signIn(ctx context.Context, ticket *limit.Ticket, u user.User, l Login) (session.Grant, error) {
	hash, rehash, err := a.judge(ctx, ticket, u.ID, l.Password)
	if err != nil {
		return session.Grant{}, err
	}
	if u.Disabled() {
		return session.Grant{}, &session.EndedError{Reason: session.UserDisabled}
	}
	if rehash {
		if err := a.rehash(ctx, u.ID, l.Password, hash); err != nil {
			return session.Grant{}, err
		}
	}
	return a.Sessions.Start(ctx, u, l.Delivery, []string{methodPassword}, l.Device)
}

// rehash replaces a hash that is not what we make today by one of the same password. It ends no session.
func (a *Accounts) rehash(ctx context.Context, id uuid.UUID, password, old string) error {
	hash, err := a.Hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	err = a.Credentials.ReplacePassword(ctx, credential.Replacement{User: id, OldHash: old, NewHash: hash, At: a.now()})
	if err != nil {
		return fmt.Errorf("hash anew: %w", err)
	}
	return nil
}
