package mongo

import (
	"context"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/credential"
	"github.com/mayfly-auth/mayfly/internal/session"
)

// credentials is the store of password hashes.
type credentials struct{ *DB }

func (s credentials) PasswordHash(ctx context.Context, user uuid.UUID) (string, error) {
	return step(ctx, s.steps, func(ctx context.Context) (string, error) {
		d, err := s.findUser(ctx, s.in.users, user, "gone", "password")
		if err == nil && (d == nil || d.Password == "") {
			err = credential.ErrNotFound
		}
		if err != nil {
			return "", err
		}
		return d.Password, nil
	})
}

func (s credentials) ReplacePassword(ctx context.Context, r credential.Replacement) error {
	_, err := ending(ctx, s.DB, func(ctx context.Context) (none struct{}, err error) {
		return none, s.changeUser(ctx, r.User, func(_ context.Context, d *userDocument) (*change, error) {
			switch {
			case d == nil || d.Password == "":
				return nil, credential.ErrNotFound
			case d.Password != r.OldHash:
				return nil, credential.ErrConflict
			}
			var c change
			c.put("password", r.NewHash)
			if r.EndSessions {
				c.endLive(d, r.Keep, session.Ending{At: r.At, Reason: session.PasswordChanged})
			}
			return &c, nil
		})
	})
	return err
}
