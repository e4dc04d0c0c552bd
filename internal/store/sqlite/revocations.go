package sqlite

import (
	"context"
	"slices"
	"time"

	"github.com/mayfly-auth/mayfly/internal/revocation"
)

// revocations is the store of what was ended early.
type revocations struct {
	w    *writer
	r    *readers
	bell *revocation.Bell
}

// clock is the database's clock in milliseconds. It stands still within a statement.
const clock = `CAST(unixepoch('subsec') * 1000 AS INTEGER)`

// The sessions that a step is about to end are written down by the statement before the one that ends them; nobody else
// writes between the two. A row that is there already is of a database that was put back: it is named once more.
const (
	writeDown    = `INSERT INTO revocations (user_id, session_id, revoked_at) SELECT user_id, id, ` + clock + ` FROM sessions `
	orOnceMore   = ` ON CONFLICT DO UPDATE SET revoked_at = excluded.revoked_at`
	revokeOne    = writeDown + `WHERE user_id = ?1 AND id = ?2 AND ` + live + orOnceMore
	revokeOthers = writeDown + `WHERE user_id = ?1 AND id <> ?2 AND ` + live + orOnceMore
	revokeAll    = writeDown + `WHERE user_id = ?1 AND ended_at IS NULL` + orOnceMore
)

const (
	readClock         = `SELECT ` + clock
	recentRevocations = `SELECT session_id, revoked_at FROM revocations WHERE revoked_at > ? ORDER BY revoked_at DESC LIMIT ?`
	oldRevocation     = `SELECT 1 FROM revocations WHERE revoked_at < ` + clock + ` - ? LIMIT 1`

	cleanRevocations = `DELETE FROM revocations WHERE (user_id, session_id) IN (
    SELECT user_id, session_id FROM revocations WHERE revoked_at < ` + clock + ` - ?1 ORDER BY revoked_at LIMIT ?2
)`
)

func (s revocations) Recent(ctx context.Context, within time.Duration, limit int) (revocation.Reading, error) {
	return read(ctx, s.r, func(c *conn) (seen revocation.Reading, err error) {
		var now int64
		if _, err := c.row(func(r *row) { now = r.integer() }, readClock); err != nil { // first, or what it says would be younger than what is seen
			return seen, err
		}
		seen.Now = fromMillis(now)
		err = c.each(func(r *row) {
			seen.Revocations = append(seen.Revocations, revocation.Revocation{Session: r.id(), At: r.time()})
		}, recentRevocations, now-within.Milliseconds(), max(limit, 0))
		slices.Reverse(seen.Revocations)
		return seen, err
	})
}

// Await hears of what this process revokes. What a command does beside a running server is found by reading.
func (s revocations) Await(ctx context.Context) {
	select {
	case <-s.bell.Next():
	case <-ctx.Done():
	}
}

// Clean looks with a connection that only reads: while there is nothing to clean it costs the writer nothing.
func (s revocations) Clean(ctx context.Context, olderThan time.Duration, limit int) (int, error) {
	age := olderThan.Milliseconds()
	old, err := read(ctx, s.r, func(c *conn) (bool, error) { return c.row(func(*row) {}, oldRevocation, age) })
	if err != nil || !old {
		return 0, err
	}
	return writeOne(ctx, s.w, func(c *conn) (int, error) { return c.exec(cleanRevocations, age, max(limit, 0)) })
}

// ending runs a step that may end sessions, and wakes whoever waits for revocations once it is committed.
func ending[T any](ctx context.Context, w *writer, bell *revocation.Bell, run func(*conn) (T, error)) (T, error) {
	result, err := writeAll(ctx, w, run)
	if err == nil {
		bell.Ring()
	}
	return result, err
}
