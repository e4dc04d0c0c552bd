package sqlite

import (
	"context"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/session"
)

const (
	endSession = `UPDATE sessions SET ended_at = ?3, end_reason = ?4 WHERE user_id = ?1 AND id = ?2 AND ` + live
	endOthers  = `UPDATE sessions SET ended_at = ?3, end_reason = ?4 WHERE user_id = ?1 AND id <> ?2 AND ` + live
	takeAlong  = `UPDATE sessions SET epoch = epoch + 1 WHERE user_id = ?1 AND id = ?2 AND ` + live
	raiseEpoch = `UPDATE users SET epoch = epoch + 1 WHERE id = ?1`
)

func (s sessions) End(ctx context.Context, user, id uuid.UUID, e session.Ending) (bool, error) {
	return ending(ctx, s.w, s.bell, func(c *conn) (bool, error) {
		if n, err := c.exec(revokeOne, user[:], id[:]); err != nil || n == 0 {
			return false, err // it is not live
		}
		n, err := c.exec(endSession, user[:], id[:], millis(e.At), string(e.Reason))
		return n == 1, err
	})
}

func (s sessions) EndAll(ctx context.Context, user, keep uuid.UUID, e session.Ending) (int, error) {
	return ending(ctx, s.w, s.bell, func(c *conn) (int, error) { return endAll(c, user, keep, e) })
}

// endAll ends the live sessions of a user but one and raises the epoch, which only that one follows. It is part of a
// step that makes several changes.
func endAll(c *conn, user, keep uuid.UUID, e session.Ending) (ended int, err error) {
	if _, err = c.exec(revokeOthers, user[:], keep[:]); err != nil {
		return 0, err
	}
	if ended, err = c.exec(endOthers, user[:], keep[:], millis(e.At), string(e.Reason)); err != nil {
		return 0, err
	}
	if _, err = c.exec(takeAlong, user[:], keep[:]); err != nil {
		return 0, err
	}
	_, err = c.exec(raiseEpoch, user[:])
	return ended, err
}

const (
	dead = `(ended_at < ?3 OR expires_at < ?3 OR rotated_at < ?4)`

	lookAtSessions = `SELECT user_id, id, coalesce(` + dead + `, 0) FROM sessions
WHERE (user_id, id) > (?1, ?2) ORDER BY user_id, id LIMIT ?5`

	deleteDead = `DELETE FROM sessions WHERE (user_id, id) > (?1, ?2) AND (user_id, id) <= (?5, ?6) AND ` + dead
)

// Clean looks with a connection that only reads, so that a walk over living rows costs the writer nothing. What it
// found dead is looked at once more by the statement that deletes.
func (s sessions) Clean(ctx context.Context, b session.CleanBatch) (next session.Key, deleted int, err error) {
	ended, idle := millis(b.EndedBefore), millis(b.IdleBefore)
	look := func(c *conn) (seen batchSeen, err error) {
		err = c.each(func(r *row) {
			seen.last.User, seen.last.Session = r.id(), r.id()
			seen.dead = r.flag() || seen.dead
			seen.rows++
		}, lookAtSessions, b.After.User[:], b.After.Session[:], ended, idle, max(b.Limit, 0))
		return seen, err
	}
	seen, err := read(ctx, s.r, look)
	if err != nil || seen.rows == 0 {
		return session.Key{}, 0, err
	}
	if seen.dead {
		deleted, err = writeOne(ctx, s.w, func(c *conn) (int, error) {
			return c.exec(deleteDead, b.After.User[:], b.After.Session[:], ended, idle,
				seen.last.User[:], seen.last.Session[:])
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
