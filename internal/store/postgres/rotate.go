package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/mayfly-auth/mayfly/internal/session"
)

// rotator is the flight of the fleet.
type rotator struct{ c *conns }

// live is the condition under which session s of user u goes on.
const live = `s.ended_at IS NULL AND s.epoch = u.epoch AND u.disabled_at IS NULL`

// mayRotate is the condition under which session s of user u is moved.
func mayRotate(generation, before, after, now string) string {
	return live + ` AND s.generation = ` + generation + ` AND s.rotated_at < ` + before + ` AND s.rotated_at > ` + after +
		` AND s.expires_at > ` + now
}

// Both statements return what they moved, and for the others what was there when they began: the session with its user,
// whether it was moved, and whether it could have been. A row that could have been moved and was not was held or changed
// by somebody else.
//
// rotateOne names the user id as a plain parameter, so that an engine that shards by it needs no look at the rest. In
// rotateMany the rows that are held bring their users along, so that none is looked up twice. The second halves look for
// nothing that was moved.
var (
	rotateOne = `
WITH moved AS (
    UPDATE sessions s SET generation = $3, parent = $4, rotated_at = $5
    FROM users u
    WHERE s.user_id = $1 AND s.id = $2 AND u.id = $1 AND ` + mayRotate("$6", "$7", "$8", "$9") + `
    RETURNING 1::bigint, true, true, ` + sessionColumns + `, ` + userColumns + `
)
SELECT * FROM moved
UNION ALL
SELECT 1, false, ` + mayRotate("$6", "$7", "$8", "$9") + `, ` + sessionColumns + `, ` + userColumns + `
FROM sessions s JOIN users u ON u.id = s.user_id
WHERE s.user_id = $1 AND s.id = $2 AND u.id = $1 AND NOT EXISTS (SELECT FROM moved)`

	rotateMany = `
WITH asked AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::bigint[],
        $7::timestamptz[], $8::timestamptz[], $9::timestamptz[]) WITH ORDINALITY
        AS a (user_id, id, next_generation, next_parent, next_rotated_at, generation, before, after, now, seat)
), held AS (
    SELECT a.seat, a.next_generation, a.next_parent, a.next_rotated_at, s.user_id, s.id AS session_id,
        ` + userColumns + `
    FROM asked a JOIN users u ON u.id = a.user_id JOIN sessions s ON s.user_id = a.user_id AND s.id = a.id
    WHERE ` + mayRotate("a.generation", "a.before", "a.after", "a.now") + `
    FOR NO KEY UPDATE OF s SKIP LOCKED
), moved AS (
    UPDATE sessions s SET generation = u.next_generation, parent = u.next_parent, rotated_at = u.next_rotated_at
    FROM held u
    WHERE s.user_id = u.user_id AND s.id = u.session_id
    RETURNING u.seat, true, true, ` + sessionColumns + `, ` + userColumns + `
)
SELECT * FROM moved
UNION ALL
SELECT a.seat, false, ` + mayRotate("a.generation", "a.before", "a.after", "a.now") + `, ` + sessionColumns + `, ` + userColumns + `
FROM asked a JOIN users u ON u.id = a.user_id JOIN sessions s ON s.user_id = a.user_id AND s.id = a.id
WHERE a.seat NOT IN (SELECT seat FROM moved)`
)

func (f rotator) rotate(ctx context.Context, asked []session.Rotation) ([]landing, error) {
	text, args := rotateMany, manyRotations(asked)
	if len(asked) == 1 {
		text, args = rotateOne, oneRotation(asked[0])
	}
	return repeatHere(ctx, f.c, func(ctx context.Context, c *pgx.Conn) ([]landing, error) {
		landings := make([]landing, len(asked))
		for i := range landings {
			landings[i].settled = true // as not found
		}
		rows, err := c.Query(ctx, text, args...)
		if err != nil {
			return nil, err
		}
		var read rotationRow
		columns := read.columns()
		return landings, each(rows, func(row pgx.Rows) error {
			if err := row.Scan(columns...); err != nil {
				return err
			}
			landings[read.seat-1], err = read.landing()
			return err
		})
	})
}

// rotationRow takes one row of the answer after the other.
type rotationRow struct {
	seat         int64
	moved, could bool
	s            sessionRow
	u            userRow
}

func (r *rotationRow) columns() []any {
	return slices.Concat([]any{&r.seat, &r.moved, &r.could}, r.s.columns(), r.u.columns())
}

func (r *rotationRow) landing() (l landing, err error) {
	l.Record, err = record(&r.s, &r.u)
	l.moved, l.found, l.settled = r.moved, true, r.moved || !r.could
	return l, err
}

func oneRotation(r session.Rotation) []any {
	return []any{
		r.User, r.Session, int64(r.Next.Generation), int64(r.Next.Parent), moment(r.Next.RotatedAt), int64(r.Generation),
		moment(r.RotatedBefore), moment(r.RotatedAfter), moment(r.Now),
	}
}

func manyRotations(asked []session.Rotation) []any {
	return []any{
		column(asked, func(r session.Rotation) pgtype.UUID { return pgUUID(r.User) }),
		column(asked, func(r session.Rotation) pgtype.UUID { return pgUUID(r.Session) }),
		column(asked, func(r session.Rotation) int64 { return int64(r.Next.Generation) }),
		column(asked, func(r session.Rotation) int64 { return int64(r.Next.Parent) }),
		column(asked, func(r session.Rotation) time.Time { return moment(r.Next.RotatedAt) }),
		column(asked, func(r session.Rotation) int64 { return int64(r.Generation) }),
		column(asked, func(r session.Rotation) time.Time { return moment(r.RotatedBefore) }),
		column(asked, func(r session.Rotation) time.Time { return moment(r.RotatedAfter) }),
		column(asked, func(r session.Rotation) time.Time { return moment(r.Now) }),
	}
}

func column[T any](asked []session.Rotation, of func(session.Rotation) T) []T {
	values := make([]T, len(asked))
	for i, r := range asked {
		values[i] = of(r)
	}
	return values
}
