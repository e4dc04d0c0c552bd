package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/credential"
	"github.com/mayfly-auth/mayfly/internal/user"
)

// NewUser is an account that an administrator makes for somebody.
type NewUser struct {
	Email    string
	Username string // may be empty
	Name     string // may be empty
	Roles    []string
	Metadata json.RawMessage // a JSON object, or nil
	// Password is the first password, unless PasswordHash is given: one that another system made.
	Password     string
	PasswordHash string
	// What another system knows of the account. Left out, the id is a new one, the account is of now, its email is not
	// verified, and it is not disabled. Nobody else may have the id.
	ID            uuid.UUID
	CreatedAt     time.Time
	EmailVerified bool
	DisabledAt    time.Time
}

// Create makes an account and signs nobody in.
//
// Errors: everything that is wrong with what was given at once, as a user.Invalid, a *credential.WeakError or a
// *credential.UnreadableError, or joined; *user.TakenError.
func (a *Accounts) Create(ctx context.Context, n NewUser) (user.User, error) {
	var bad user.Invalid
	u, err := user.New(n.Email, n.Username, n.Name, a.now())
	fault := bad.Collect(err)
	attributes, err := user.Change{Roles: &n.Roles, Metadata: &n.Metadata}.Parse()
	fault = errors.Join(fault, bad.Collect(err), a.checkFirst(n))
	if err := errors.Join(bad.Err(), fault); err != nil {
		return user.User{}, err
	}
	u.Roles, u.Metadata = *attributes.Roles, *attributes.Metadata
	n.carryOver(&u)
	hash := n.PasswordHash
	if hash == "" {
		if hash, err = a.Hasher.Hash(ctx, n.Password); err != nil {
			return user.User{}, err
		}
	}
	if err := a.Users.Create(ctx, u, hash); err != nil {
		return user.User{}, fmt.Errorf("create user: %w", err)
	}
	return u, nil
}

// carryOver keeps what another system knows of the account.
func (n NewUser) carryOver(u *user.User) {
	if n.ID != uuid.Nil {
		u.ID = n.ID
	}
	if !n.CreatedAt.IsZero() {
		u.CreatedAt = n.CreatedAt.Truncate(time.Millisecond)
	}
	u.EmailVerified, u.DisabledAt = n.EmailVerified, n.DisabledAt.Truncate(time.Millisecond)
}

func (a *Accounts) checkFirst(n NewUser) error {
	if n.PasswordHash != "" {
		_, err := credential.Recognized(n.PasswordHash)
		return err
	}
	return a.Policy.Check(n.Password, n.Email, n.Username, n.Name)
}

// Edit changes what an administrator may change: everything. Errors: user.Invalid, *user.TakenError, user.ErrNotFound.
func (a *Accounts) Edit(ctx context.Context, id uuid.UUID, c user.Change) (user.User, error) {
	c, err := c.Parse()
	if err != nil {
		return user.User{}, err
	}
	return a.update(ctx, id, c)
}

// SetPassword gives a user a new password without asking for the old one, and ends every session.
//
// Errors: *credential.WeakError; user.ErrNotFound; credential.ErrConflict when somebody else keeps changing it.
func (a *Accounts) SetPassword(ctx context.Context, id uuid.UUID, password string) error {
	u, err := a.Users.Find(ctx, id)
	if err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	if err := a.Policy.Check(password, about(u)...); err != nil {
		return err
	}
	hash, err := a.Hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	const tries = 3 // a sign-in that hashes the old password anew may come between once
	for range tries {
		var old string
		old, err = a.Credentials.PasswordHash(ctx, id)
		if errors.Is(err, credential.ErrNotFound) {
			err = user.ErrNotFound // just deleted: nobody is made without a password
		}
		if err != nil {
			return fmt.Errorf("set password: %w", err)
		}
		err = a.replace(ctx, credential.Replacement{User: id, OldHash: old, NewHash: hash})
		if !errors.Is(err, credential.ErrConflict) {
			return err
		}
	}
	return err
}
