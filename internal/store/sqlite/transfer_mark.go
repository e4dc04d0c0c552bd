package sqlite

import (
	"context"

	"github.com/mayfly-auth/mayfly/internal/transfer"
)

// The mark has a table that is there only as long as the mark is.
const (
	isMarked  = `SELECT count(*) FROM sqlite_schema WHERE name = 'copying'`
	readMark  = `SELECT source, begun_at, complete FROM copying WHERE id = 1`
	markTable = `CREATE TABLE IF NOT EXISTS copying (
    id       INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    source   TEXT    NOT NULL,
    begun_at INTEGER NOT NULL,
    complete INTEGER NOT NULL
) STRICT`
	writeMark  = `INSERT OR REPLACE INTO copying (id, source, begun_at, complete) VALUES (1, ?, ?, ?)`
	removeMark = `DROP TABLE IF EXISTS copying`
)

func (s transfers) Mark(ctx context.Context) (transfer.Mark, error) {
	return snapshot(ctx, s.r, func(c *conn) (m transfer.Mark, err error) {
		var there int64
		if _, err := c.row(func(r *row) { there = r.integer() }, isMarked); err != nil || there == 0 {
			return m, err
		}
		_, err = c.row(func(r *row) { m.Source, m.BegunAt, m.Complete = r.text(), r.time(), r.flag() }, readMark)
		return m, err
	})
}

func (s transfers) SetMark(ctx context.Context, m transfer.Mark) error {
	_, err := writeAll(ctx, s.w, func(c *conn) (none struct{}, err error) {
		if m == (transfer.Mark{}) {
			_, err = c.exec(removeMark)
			return none, err
		}
		if _, err = c.exec(markTable); err == nil {
			_, err = c.exec(writeMark, m.Source, millis(m.BegunAt), m.Complete)
		}
		return none, err
	})
	return err
}
