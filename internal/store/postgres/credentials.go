package postgres

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/mayfly-auth/mayfly/internal/credential"
	"github.com/mayfly-auth/mayfly/internal/session"
)

// credentials is the store of password hashes.
type credentials struct {
	c     *conns
	bells *bells
}

const findPassword = `SELECT hash FROM passwords WHERE user_id = $1`

func (s credentials) PasswordHash(ctx context.Context, user uuid.UUID) (string, error) {
	return repeat(ctx, s.c, func(ctx context.Context, c *pgx.Conn) (hash string, err error) {
		err = c.QueryRow(ctx, findPassword, user).Scan(&hash)
		if errors.Is(err, pgx.ErrNoRows) {
			err = credential.ErrNotFound
		}
		return hash, err
	})
}

// replacePassword does everything or nothing: each part feeds the next. The user's row is locked before it begins, so
// the hash it compares is the newest.
const replacePassword = `
WITH changed AS (
    UPDATE passwords SET hash = $6 WHERE user_id = $1 AND hash = $5 RETURNING user_id
), raised AS (
    UPDATE users u SET epoch = u.epoch + 1 FROM changed WHERE u.id = $1 AND $7::boolean
    RETURNING u.epoch, u.disabled_at IS NOT NULL AS was_disabled
), ended AS (` + endLive + `), written AS (` + writeDown + `)
SELECT EXISTS (SELECT FROM changed), EXISTS (SELECT FROM passwords WHERE user_id = $1)`

func (s credentials) ReplacePassword(ctx context.Context, r credential.Replacement) error {
	_, err := once(ctx, s.c, func(ctx context.Context, c *pgx.Conn) (none struct{}, err error) {
		var changed, has bool
		err = together(ctx, c,
			query(lockUser, r.User),
			query(replacePassword, r.User, r.Keep, moment(r.At), string(session.PasswordChanged), r.OldHash, r.NewHash,
				r.EndSessions).into(&changed, &has),
		)
		if changed && r.EndSessions {
			err = s.bells.after(err)
		}
		switch {
		case err != nil || changed:
			return none, err
		case !has:
			return none, credential.ErrNotFound
		}
		return none, credential.ErrConflict
	})
	return err
}
