package mongo

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/user"
)

func (s users) Update(ctx context.Context, id uuid.UUID, wanted user.Change, at time.Time) (user.User, error) {
	return step(ctx, s.steps, func(ctx context.Context) (user.User, error) {
		var after *userDocument
		var claims, givenUp []claimed
		err := s.changeUser(ctx, id, func(ctx context.Context, d *userDocument) (c *change, err error) {
			if after = d; d == nil {
				return nil, user.ErrNotFound
			}
			fresh, old := d.renaming(wanted)
			won, err := s.claimAll(ctx, id, fresh...)
			claims = append(claims, won...)
			if err != nil {
				return nil, err
			}
			if givenUp, err = s.claimsOf(ctx, old); err != nil {
				return nil, err
			}
			return after.apply(wanted, at), nil
		})
		var taken *user.TakenError
		switch {
		case errors.As(err, &taken):
			return user.User{}, errors.Join(err, s.giveBack(ctx, id, claims))
		case err != nil:
			return user.User{}, err
		}
		for _, one := range givenUp {
			if err := s.release(ctx, id, one); err != nil {
				break // it counts no more, and whoever wants it takes it over
			}
		}
		return after.user(), nil
	})
}

// renaming returns what the user must claim to be called as wanted, and what they are then called by no more.
func (d *userDocument) renaming(wanted user.Change) (fresh, old []identifier) {
	for _, one := range []struct {
		kind, was string
		value     *string
	}{{"email", d.EmailKey, wanted.Email}, {"username", d.UsernameKey, wanted.Username}} {
		if one.value == nil || user.Key(*one.value) == one.was {
			continue
		}
		fresh = append(fresh, identifier{one.kind, user.Key(*one.value)})
		old = append(old, identifier{one.kind, one.was})
	}
	return fresh, old
}

// claimsOf returns the claims as they are, to be released if the change is made and nobody claims again meanwhile.
func (s users) claimsOf(ctx context.Context, all []identifier) (claims []claimed, err error) {
	for _, one := range all {
		if one.key == "" {
			continue
		}
		claim, err := s.readClaim(ctx, s.in.identifiersNow, one)
		if err != nil {
			return nil, err
		}
		if claim != nil {
			claims = append(claims, claimed{one, claim.Token})
		}
	}
	return claims, nil
}

// apply makes the change to d and returns it for the database. An email in another spelling is a new one: its key is the
// same, its mailbox need not be.
func (d *userDocument) apply(wanted user.Change, at time.Time) *change {
	c := &change{}
	d.UpdatedAt = moment(at)
	c.put("updated_at", d.UpdatedAt)
	if wanted.Email != nil {
		d.EmailVerified = d.EmailVerified && d.Email == *wanted.Email
		d.Email, d.EmailKey = *wanted.Email, user.Key(*wanted.Email)
		c.put("email", d.Email)
		c.put("email_key", d.EmailKey)
		c.put("email_verified", d.EmailVerified)
	}
	if wanted.Username != nil {
		d.Username, d.UsernameKey = *wanted.Username, user.Key(*wanted.Username)
		c.putText("username", d.Username)
		c.putText("username_key", d.UsernameKey)
	}
	if wanted.Name != nil {
		d.Name = *wanted.Name
		c.put("name", d.Name)
	}
	if wanted.Roles != nil {
		d.Roles = *wanted.Roles
		c.put("roles", d.Roles)
	}
	if wanted.Metadata != nil {
		d.Metadata = string(*wanted.Metadata)
		c.putText("metadata", d.Metadata)
	}
	return c
}
