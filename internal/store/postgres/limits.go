package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/mayfly-auth/mayfly/internal/limit"
)

// limits is the store of attempts.
type limits struct{ c *conns }

const (
	// takeLimit puts an attempt in if it fits and returns a row only then: a crowd that is refused writes nothing.
	takeLimit = `
INSERT INTO limits AS l (key, empty_at) SELECT $1::text, $2::bigint + $3::bigint WHERE $3::bigint <= $4::bigint
ON CONFLICT (key) DO UPDATE SET empty_at = greatest(l.empty_at, $2::bigint) + $3::bigint
WHERE greatest(l.empty_at, $2::bigint) + $3::bigint - $2::bigint <= $4::bigint`

	findLimit   = `SELECT empty_at FROM limits WHERE key = $1`
	giveBack    = `UPDATE limits SET empty_at = empty_at - $2::bigint WHERE key = $1`
	forgetLimit = `DELETE FROM limits WHERE key = $1`
	cleanLimits = `DELETE FROM limits WHERE key IN (
    SELECT key FROM limits WHERE empty_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED
)`
)

func (s limits) Take(ctx context.Context, key string, b limit.Bucket, now time.Time) (time.Duration, error) {
	room := time.Duration(b.Burst) * b.Interval
	for range mostTries {
		n, err := s.change(ctx, takeLimit, key, now.UnixNano(), int64(b.Interval), int64(room))
		if err != nil || n == 1 {
			return 0, err
		}
		stored, err := s.find(ctx, key)
		if err != nil {
			return 0, err
		}
		emptyAt := time.Unix(0, max(stored, now.UnixNano())).Add(b.Interval)
		if wait := emptyAt.Sub(now) - room; wait > 0 {
			return wait, nil
		}
		// Somebody gave an attempt back in the meantime.
	}
	return 0, errContended
}

// find returns when the key's bucket is empty, or 0 if it is.
func (s limits) find(ctx context.Context, key string) (int64, error) {
	return repeat(ctx, s.c, func(ctx context.Context, c *pgx.Conn) (emptyAt int64, err error) {
		err = c.QueryRow(ctx, findLimit, key).Scan(&emptyAt)
		if errors.Is(err, pgx.ErrNoRows) {
			err = nil
		}
		return emptyAt, err
	})
}

func (s limits) GiveBack(ctx context.Context, key string, b limit.Bucket) error {
	_, err := s.change(ctx, giveBack, key, int64(b.Interval))
	return err
}

func (s limits) Forget(ctx context.Context, key string) error {
	_, err := s.change(ctx, forgetLimit, key)
	return err
}

func (s limits) Clean(ctx context.Context, now time.Time, limit int) (int, error) {
	return s.change(ctx, cleanLimits, now.UnixNano(), max(limit, 0))
}

func (s limits) change(ctx context.Context, text string, args ...any) (int, error) {
	return once(ctx, s.c, func(ctx context.Context, c *pgx.Conn) (int, error) {
		tag, err := c.Exec(ctx, text, args...)
		return int(tag.RowsAffected()), err
	})
}
