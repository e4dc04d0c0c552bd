package yardstick

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "modernc.org/sqlite" // the driver
)

// width is what a session's row holds besides the columns that a refresh changes: two ids, a seed, a user agent.
const width = 180

// sqliteTable is a file with the durability that Mayfly asks of one, and one connection that writes.
type sqliteTable struct {
	conn   *sql.Conn
	update *sql.Stmt
}

// SQLite makes the file and fills its table.
func SQLite(ctx context.Context, path string, rows int) (Table, error) {
	db, err := sql.Open("sqlite", "file://"+path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return nil, err
	}
	c, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	fill := fmt.Sprintf(`CREATE TABLE floor (id INTEGER PRIMARY KEY, generation INTEGER, rotated_at INTEGER, rest BLOB);
		WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		INSERT INTO floor SELECT i, 1, 0, randomblob(%d) FROM n`, rows-1, width)
	if _, err := c.ExecContext(ctx, fill); err != nil {
		return nil, err
	}
	update, err := c.PrepareContext(ctx, "UPDATE floor SET generation = generation + 1, rotated_at = ? WHERE id = ?")
	return &sqliteTable{c, update}, err
}

func (t *sqliteTable) Writers() int { return 1 }

func (t *sqliteTable) Update(keys []int64) error {
	ctx := context.Background()
	if _, err := t.conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	now := time.Now().UnixMilli()
	for _, key := range keys {
		done, err := t.update.ExecContext(ctx, now, key)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n != 1 {
			return errRows
		}
	}
	_, err := t.conn.ExecContext(ctx, "COMMIT")
	return err
}

// postgresTable is a table with room for HOT updates, as Mayfly's is.
type postgresTable struct{ pool *pgxpool.Pool }

// Postgres makes the table anew and fills it.
func Postgres(ctx context.Context, url string, rows int) (Table, error) {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return nil, err
	}
	_, err = pool.Exec(ctx, `DROP TABLE IF EXISTS floor;
		CREATE TABLE floor (id bigint PRIMARY KEY, generation bigint NOT NULL, rotated_at timestamptz NOT NULL, rest bytea)
		WITH (fillfactor = 25)`)
	if err != nil {
		return nil, err
	}
	rest := make([]byte, width)
	rand.Read(rest) // never fails
	_, err = pool.CopyFrom(ctx, pgx.Identifier{"floor"}, []string{"id", "generation", "rotated_at", "rest"},
		pgx.CopyFromSlice(rows, func(i int) ([]any, error) { return []any{int64(i), int64(1), time.Unix(0, 0), rest}, nil }))
	return &postgresTable{pool}, err
}

// Writers is the number of connections that Mayfly gives to refreshes.
func (t *postgresTable) Writers() int { return 2 }

func (t *postgresTable) Update(keys []int64) error {
	done, err := t.pool.Exec(context.Background(), `UPDATE floor f SET generation = f.generation + 1, rotated_at = $2
		FROM unnest($1::bigint[]) AS k (id) WHERE f.id = k.id RETURNING f.generation`, keys, time.Now())
	if err == nil && int(done.RowsAffected()) != len(keys) {
		err = errRows
	}
	return err
}
