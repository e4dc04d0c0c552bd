package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/mayfly-auth/mayfly/internal/transfer"
)

// The mark has a table that is there only as long as the mark is.
const (
	isMarked  = `SELECT to_regclass('copying') IS NOT NULL`
	readMark  = `SELECT source, begun_at, complete FROM copying WHERE id = 1`
	markTable = `CREATE TABLE IF NOT EXISTS copying (
    id       int         NOT NULL PRIMARY KEY CHECK (id = 1),
    source   text        NOT NULL,
    begun_at timestamptz NOT NULL,
    complete boolean     NOT NULL
)`
	writeMark = `
INSERT INTO copying (id, source, begun_at, complete) VALUES (1, $1, $2, $3)
ON CONFLICT (id) DO UPDATE SET source = excluded.source, begun_at = excluded.begun_at, complete = excluded.complete`
	removeMark = `DROP TABLE IF EXISTS copying`
)

func (s transfers) Mark(ctx context.Context) (transfer.Mark, error) {
	return repeat(ctx, s.c, func(ctx context.Context, c *pgx.Conn) (m transfer.Mark, err error) {
		var there bool
		if err := c.QueryRow(ctx, isMarked).Scan(&there); err != nil || !there {
			return m, err
		}
		err = c.QueryRow(ctx, readMark).Scan(&m.Source, &m.BegunAt, &m.Complete)
		m.BegunAt = m.BegunAt.UTC()
		if errors.Is(err, pgx.ErrNoRows) {
			return transfer.Mark{}, nil
		}
		return m, err
	})
}

func (s transfers) SetMark(ctx context.Context, m transfer.Mark) error {
	_, err := repeat(ctx, s.c, func(ctx context.Context, c *pgx.Conn) (none struct{}, err error) {
		if m == (transfer.Mark{}) {
			_, err = c.Exec(ctx, removeMark)
			return none, err
		}
		return none, pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, markTable); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, writeMark, m.Source, moment(m.BegunAt), m.Complete)
			return err
		})
	})
	return err
}
