package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/mayfly-auth/mayfly/internal/session"
)

// sessions is the store of sessions.
type sessions struct {
	c     *conns
	fleet *fleet
	bells *bells
	// single says that the engine refuses to lock rows of several shards in one statement.
	single bool
}

// createSession holds the user's row against change until the session is there: an ending that comes meanwhile waits,
// and sees the session.
const createSession = `
INSERT INTO sessions (user_id, id, generation, parent, rotated_at, epoch, expires_at, created_at, seed, delivery, amr,
    address, user_agent)
SELECT u.id, $2::uuid, $3::bigint, $4::bigint, $5::timestamptz, $6::bigint, $7::timestamptz, $8::timestamptz,
    $9::bytea, $10::text, $11::text[], $12::text, $13::text
FROM users u WHERE u.id = $1::uuid AND u.epoch = $6::bigint AND u.disabled_at IS NULL
FOR SHARE`

func (s sessions) Create(ctx context.Context, fresh session.Session) error {
	_, err := once(ctx, s.c, func(ctx context.Context, c *pgx.Conn) (none struct{}, err error) {
		tag, err := c.Exec(ctx, createSession, fresh.User, fresh.ID, int64(fresh.Generation), int64(fresh.Parent),
			moment(fresh.RotatedAt), fresh.Epoch, moment(fresh.ExpiresAt), moment(fresh.CreatedAt), fresh.Seed[:],
			string(fresh.Delivery), fresh.AMR, address(fresh.Device.Address), plain(fresh.Device.UserAgent))
		if err == nil && tag.RowsAffected() == 0 {
			err = session.ErrUserChanged
		}
		return none, err
	})
	return err
}

func (s sessions) Rotate(ctx context.Context, r session.Rotation) (session.Record, bool, error) {
	return s.fleet.rotate(ctx, r)
}

const (
	sessionColumns = `s.user_id, s.id, s.generation, s.parent, s.rotated_at, s.epoch, s.expires_at, s.ended_at,
    s.end_reason, s.created_at, s.seed, s.delivery, s.amr, s.address, s.user_agent`

	findSession = `SELECT ` + sessionColumns + `, ` + userColumns + `
FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.user_id = $1 AND s.id = $2 AND u.id = $1`

	listSessions = `SELECT ` + sessionColumns + ` FROM sessions s WHERE s.user_id = $1 ORDER BY s.created_at DESC, s.id DESC`
)

func (s sessions) Find(ctx context.Context, user, id uuid.UUID) (session.Record, error) {
	return repeat(ctx, s.c, func(ctx context.Context, c *pgx.Conn) (session.Record, error) {
		var s sessionRow
		var u userRow
		err := c.QueryRow(ctx, findSession, user, id).Scan(append(s.columns(), u.columns()...)...)
		if errors.Is(err, pgx.ErrNoRows) {
			err = session.ErrNotFound
		}
		if err != nil {
			return session.Record{}, err
		}
		return record(&s, &u)
	})
}

func (s sessions) List(ctx context.Context, user uuid.UUID) ([]session.Session, error) {
	return repeat(ctx, s.c, func(ctx context.Context, c *pgx.Conn) (list []session.Session, err error) {
		rows, err := c.Query(ctx, listSessions, user)
		if err != nil {
			return nil, err
		}
		err = each(rows, func(row pgx.Rows) error {
			var r sessionRow
			if err := row.Scan(r.columns()...); err != nil {
				return err
			}
			one, err := r.session()
			list = append(list, one)
			return err
		})
		return list, err
	})
}

// each hands every row to f and reads the answer to its end.
func each(rows pgx.Rows, f func(pgx.Rows) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// sessionRow takes the columns of sessionColumns.
type sessionRow struct {
	s         session.Session
	endedAt   *time.Time
	endReason *string
	seed      []byte
	address   *string
}

func (r *sessionRow) columns() []any {
	return []any{
		bytesOf(&r.s.User), bytesOf(&r.s.ID), &r.s.Generation, &r.s.Parent, &r.s.RotatedAt, &r.s.Epoch, &r.s.ExpiresAt, &r.endedAt,
		&r.endReason, &r.s.CreatedAt, &r.seed, &r.s.Delivery, &r.s.AMR, &r.address, &r.s.Device.UserAgent,
	}
}

func (r *sessionRow) session() (s session.Session, err error) {
	s = r.s
	if copy(s.Seed[:], r.seed) != session.SeedSize {
		return s, errors.New("postgres: a session's seed is too short")
	}
	s.RotatedAt, s.ExpiresAt, s.CreatedAt = s.RotatedAt.UTC(), s.ExpiresAt.UTC(), s.CreatedAt.UTC()
	s.EndedAt = fromNull(r.endedAt)
	if r.endReason != nil {
		s.EndReason = session.Reason(*r.endReason)
	}
	if s.Device.Address, err = fromAddress(r.address); err != nil {
		return s, fmt.Errorf("postgres: a session's address: %w", err)
	}
	return s, nil
}

func record(s *sessionRow, u *userRow) (rec session.Record, err error) {
	rec.Owner = u.user()
	rec.Session, err = s.session()
	return rec, err
}
