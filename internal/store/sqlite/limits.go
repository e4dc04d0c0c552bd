package sqlite

import (
	"context"
	"time"

	"github.com/mayfly-auth/mayfly/internal/limit"
)

// limits is the store of attempts. What it says depends on the last attempt, so the writer does all of it.
type limits struct{ w *writer }

const (
	findLimit   = `SELECT empty_at FROM limits WHERE key = ?`
	setLimit    = `INSERT INTO limits (key, empty_at) VALUES (?, ?) ON CONFLICT DO UPDATE SET empty_at = excluded.empty_at`
	giveBack    = `UPDATE limits SET empty_at = empty_at - ?2 WHERE key = ?1`
	forgetLimit = `DELETE FROM limits WHERE key = ?`
	cleanLimits = `DELETE FROM limits WHERE key IN (SELECT key FROM limits WHERE empty_at <= ? LIMIT ?)`
)

func (s limits) Take(ctx context.Context, key string, b limit.Bucket, now time.Time) (time.Duration, error) {
	return writeOne(ctx, s.w, func(c *conn) (wait time.Duration, err error) {
		var stored int64
		if _, err := c.row(func(r *row) { stored = r.integer() }, findLimit, key); err != nil {
			return 0, err
		}
		emptyAt := time.Unix(0, max(stored, now.UnixNano())).Add(b.Interval)
		if wait = emptyAt.Sub(now) - time.Duration(b.Burst)*b.Interval; wait > 0 {
			return wait, nil
		}
		_, err = c.exec(setLimit, key, emptyAt.UnixNano())
		return 0, err
	})
}

func (s limits) GiveBack(ctx context.Context, key string, b limit.Bucket) error {
	return s.change(ctx, giveBack, key, int64(b.Interval))
}

func (s limits) Forget(ctx context.Context, key string) error { return s.change(ctx, forgetLimit, key) }

func (s limits) Clean(ctx context.Context, now time.Time, limit int) (int, error) {
	return writeOne(ctx, s.w, func(c *conn) (int, error) { return c.exec(cleanLimits, now.UnixNano(), max(limit, 0)) })
}

func (s limits) change(ctx context.Context, query string, args ...any) error {
	_, err := writeOne(ctx, s.w, func(c *conn) (int, error) { return c.exec(query, args...) })
	return err
}
