package postgres

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/mayfly-auth/mayfly/internal/session"
)

// endSession reports, as a rotation does, whether the session was ended and whether it was live when the statement
// began. One that was live and was not ended has been changed meanwhile, and is perhaps live still.
const endSession = `
WITH ended AS (
    UPDATE sessions s SET ended_at = $3, end_reason = $4
    FROM users u
    WHERE s.user_id = $1 AND s.id = $2 AND u.id = $1 AND ` + live + `
    RETURNING s.user_id, s.id, true AS over
), written AS (` + writeDown + `)
SELECT EXISTS (SELECT FROM ended), EXISTS (
    SELECT FROM sessions s JOIN users u ON u.id = s.user_id
    WHERE s.user_id = $1 AND s.id = $2 AND u.id = $1 AND ` + live + `
)`

func (s sessions) End(ctx context.Context, user, id uuid.UUID, e session.Ending) (bool, error) {
	for range mostTries {
		seen, err := once(ctx, s.c, func(ctx context.Context, c *pgx.Conn) (seen struct{ ended, live bool }, err error) {
			err = c.QueryRow(ctx, endSession, user, id, moment(e.At), string(e.Reason)).Scan(&seen.ended, &seen.live)
			if seen.ended {
				err = s.bells.after(err)
			}
			return seen, err
		})
		if err != nil || seen.ended || !seen.live {
			return seen.ended, err
		}
	}
	return false, errContended
}

// lockUser comes first in every step that changes a user. What follows it in the same message sees all that was let
// through before.
const lockUser = `SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE`

// endLive ends the sessions that were live under the epoch which `raised` replaced, and takes one of them along. Its
// parameters are the user, the one kept, when, and why. The one kept is not over.
const endLive = `
UPDATE sessions s SET
    ended_at = CASE WHEN s.id = $2 THEN NULL ELSE $3::timestamptz END,
    end_reason = CASE WHEN s.id = $2 THEN NULL ELSE $4::text END,
    epoch = CASE WHEN s.id = $2 THEN s.epoch + 1 ELSE s.epoch END
FROM raised
WHERE s.user_id = $1 AND s.ended_at IS NULL AND s.epoch = raised.epoch - 1 AND NOT raised.was_disabled
RETURNING s.user_id, s.id, s.id <> $2 AS over`

const endAll = `
WITH raised AS (
    UPDATE users SET epoch = epoch + 1 WHERE id = $1 RETURNING epoch, disabled_at IS NOT NULL AS was_disabled
), ended AS (` + endLive + `), written AS (` + writeDown + `)
SELECT count(*) FROM ended WHERE over`

func (s sessions) EndAll(ctx context.Context, user, keep uuid.UUID, e session.Ending) (int, error) {
	return once(ctx, s.c, func(ctx context.Context, c *pgx.Conn) (ended int, err error) {
		err = together(ctx, c,
			query(lockUser, user),
			query(endAll, user, keep, moment(e.At), string(e.Reason)).into(&ended),
		)
		if ended > 0 {
			err = s.bells.after(err)
		}
		return ended, err
	})
}

const (
	dead = `(s.ended_at < $3 OR s.expires_at < $3 OR s.rotated_at < $4)`

	lookAtSessions = `SELECT s.user_id, s.id, coalesce(` + dead + `, false) FROM sessions s
WHERE (s.user_id, s.id) > ($1, $2) ORDER BY s.user_id, s.id LIMIT $5`

	// deleteDead passes over what somebody holds: the next walk comes by again.
	deleteDead = `
DELETE FROM sessions WHERE (user_id, id) IN (
    SELECT s.user_id, s.id FROM sessions s
    WHERE (s.user_id, s.id) > ($1, $2) AND (s.user_id, s.id) <= ($5, $6) AND ` + dead + `
    FOR UPDATE SKIP LOCKED
)`

	// deleteDeadPlainly does it without locks that Citus refuses, and may wait for somebody.
	deleteDeadPlainly = `
DELETE FROM sessions s WHERE (s.user_id, s.id) > ($1, $2) AND (s.user_id, s.id) <= ($5, $6) AND ` + dead
)

// Clean looks first, so that a walk over living rows locks and writes nothing. What it found dead is looked at once more
// by the statement that deletes.
func (s sessions) Clean(ctx context.Context, b session.CleanBatch) (next session.Key, deleted int, err error) {
	bounds := []any{b.After.User, b.After.Session, moment(b.EndedBefore), moment(b.IdleBefore)}
	seen, err := repeat(ctx, s.c, func(ctx context.Context, c *pgx.Conn) (batchSeen, error) {
		return look(ctx, c, append(bounds[:4:4], max(b.Limit, 0))...)
	})
	if err != nil || seen.rows == 0 {
		return session.Key{}, 0, err
	}
	text := deleteDead
	if s.single {
		text = deleteDeadPlainly
	}
	if seen.dead {
		deleted, err = repeat(ctx, s.c, func(ctx context.Context, c *pgx.Conn) (int, error) {
			tag, err := c.Exec(ctx, text, append(bounds[:4:4], seen.last.User, seen.last.Session)...)
			return int(tag.RowsAffected()), err
		})
	}
	if err != nil || seen.rows < b.Limit {
		return session.Key{}, deleted, err
	}
	return seen.last, deleted, nil
}

// batchSeen is what one step of the cleaner has looked at.
type batchSeen struct {
	last session.Key
	rows int
	dead bool // there is something to delete
}

func look(ctx context.Context, c *pgx.Conn, args ...any) (seen batchSeen, err error) {
	rows, err := c.Query(ctx, lookAtSessions, args...)
	if err != nil {
		return seen, err
	}
	return seen, each(rows, func(row pgx.Rows) error {
		var isDead bool
		err := row.Scan(&seen.last.User, &seen.last.Session, &isDead)
		seen.rows++
		seen.dead = seen.dead || isDead
		return err
	})
}
