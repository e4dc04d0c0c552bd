package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/mayfly-auth/mayfly/internal/revocation"
)

// revocations is the store of what was ended early.
type revocations struct {
	c      *conns
	bells  *bells
	single bool // as in sessions
}

// writeDown is the part of an ending that writes its sessions down for the revocation feed. What it writes is in the
// table `ended`, with user_id, id and whether the session is over. A row that is there already is of a database that was
// put back: it is named once more.
//
// The clock is read as late as can be, after all waiting for rows: the time from the moment that is written to the one
// in which others can see it is what every reader of the feed has to look back for.
const writeDown = `
INSERT INTO revocations AS r (user_id, session_id, revoked_at)
SELECT user_id, id, clock_timestamp() FROM ended WHERE over
ON CONFLICT (user_id, session_id) DO UPDATE SET revoked_at = excluded.revoked_at`

const (
	// recentRevocations has a row with the clock even if it has no other.
	recentRevocations = `
SELECT statement_timestamp(), r.session_id, r.revoked_at FROM (VALUES (1)) one LEFT JOIN (
    SELECT session_id, revoked_at FROM revocations WHERE revoked_at > statement_timestamp() - $1::interval
    ORDER BY revoked_at DESC LIMIT $2
) r ON true ORDER BY r.revoked_at DESC`

	oldRevocations = `
    SELECT user_id, session_id FROM revocations WHERE revoked_at < statement_timestamp() - $1::interval
    ORDER BY revoked_at LIMIT $2`

	cleanRevocations        = `DELETE FROM revocations WHERE (user_id, session_id) IN (` + oldRevocations + ` FOR UPDATE SKIP LOCKED)`
	cleanRevocationsPlainly = `DELETE FROM revocations WHERE (user_id, session_id) IN (` + oldRevocations + `)`
)

func (s revocations) Recent(ctx context.Context, within time.Duration, limit int) (revocation.Reading, error) {
	return repeat(ctx, s.c, func(ctx context.Context, c *pgx.Conn) (seen revocation.Reading, err error) {
		rows, err := c.Query(ctx, recentRevocations, within, max(limit, 0))
		if err != nil {
			return seen, err
		}
		err = each(rows, func(row pgx.Rows) error {
			var id *uuid.UUID
			var at *time.Time
			if err := row.Scan(&seen.Now, &id, &at); err != nil || id == nil {
				return err
			}
			seen.Revocations = append(seen.Revocations, revocation.Revocation{Session: *id, At: at.UTC()})
			return nil
		})
		seen.Now = seen.Now.UTC()
		slices.Reverse(seen.Revocations)
		return seen, err
	})
}

// Await hears of what this node revokes, and of what the others announce.
func (s revocations) Await(ctx context.Context) { s.bells.await(ctx) }

func (s revocations) Clean(ctx context.Context, olderThan time.Duration, limit int) (int, error) {
	text := cleanRevocations
	if s.single {
		text = cleanRevocationsPlainly
	}
	return repeat(ctx, s.c, func(ctx context.Context, c *pgx.Conn) (int, error) {
		tag, err := c.Exec(ctx, text, olderThan, max(limit, 0))
		return int(tag.RowsAffected()), err
	})
}
