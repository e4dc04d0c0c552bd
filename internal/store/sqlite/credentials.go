package sqlite

import (
	"context"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/credential"
	"github.com/mayfly-auth/mayfly/internal/revocation"
	"github.com/mayfly-auth/mayfly/internal/session"
)

// credentials is the store of password hashes.
type credentials struct {
	w    *writer
	r    *readers
	bell *revocation.Bell
}

const (
	findPassword    = `SELECT hash FROM passwords WHERE user_id = ?`
	replacePassword = `UPDATE passwords SET hash = ?2 WHERE user_id = ?1`
)

func (s credentials) PasswordHash(ctx context.Context, user uuid.UUID) (string, error) {
	return read(ctx, s.r, func(c *conn) (string, error) { return passwordHash(c, user) })
}

func passwordHash(c *conn, user uuid.UUID) (hash string, err error) {
	found, err := c.row(func(r *row) { hash = r.text() }, findPassword, user[:])
	if err == nil && !found {
		err = credential.ErrNotFound
	}
	return hash, err
}

func (s credentials) ReplacePassword(ctx context.Context, r credential.Replacement) error {
	_, err := ending(ctx, s.w, s.bell, func(c *conn) (none struct{}, err error) {
		hash, err := passwordHash(c, r.User)
		if err != nil {
			return none, err
		}
		if hash != r.OldHash {
			return none, credential.ErrConflict
		}
		if _, err := c.exec(replacePassword, r.User[:], r.NewHash); err != nil || !r.EndSessions {
			return none, err
		}
		_, err = endAll(c, r.User, r.Keep, session.Ending{At: r.At, Reason: session.PasswordChanged})
		return none, err
	})
	return err
}
