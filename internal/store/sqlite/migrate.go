package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// SchemaTooNewError says that a newer mayfly has used the database.
type SchemaTooNewError struct {
	Have, Known int64 // the schema of the database, and the newest this program knows
}

func (e *SchemaTooNewError) Error() string {
	return fmt.Sprintf("the database has schema %d, this mayfly knows up to %d: use the newer binary or restore a backup",
		e.Have, e.Known)
}

// SchemaTooOldError says that the database has to be brought up to date first.
type SchemaTooOldError struct {
	Have, Want int64 // the schema of the database, and the one this program needs
}

func (e *SchemaTooOldError) Error() string {
	return fmt.Sprintf("the database has schema %d, this mayfly needs %d: run `mayfly migrate`", e.Have, e.Want)
}

// Migrate makes the database if need be and brings its schema up to date.
func Migrate(ctx context.Context, path string) error {
	db, err := Open(ctx, Options{Path: path, ReadConns: 1})
	if err != nil {
		return err
	}
	return db.Close()
}

// Status returns the schema that the database has, 0 if there is none yet, and the newest this program knows. It
// changes nothing.
func Status(ctx context.Context, path string) (current, latest int64, err error) {
	if latest, err = latestSchema(); err != nil {
		return 0, 0, err
	}
	if path, err = filepath.Abs(path); err != nil {
		return 0, 0, err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return 0, latest, nil
	}
	c, err := dialPatiently(ctx, path, readOnly)
	if err == nil {
		current, err = schemaOf(c)
		err = errors.Join(err, c.close())
	}
	if err != nil {
		return 0, latest, fmt.Errorf("read schema of %s: %w", path, asFault(err))
	}
	return current, latest, nil
}

// openSchema opens the file with a connection that may write, its schema up to date.
func openSchema(ctx context.Context, path string, migrate bool) (*conn, error) {
	if err := makeFile(path); err != nil {
		return nil, err
	}
	c, err := dialPatiently(ctx, path, inWAL)
	if err != nil {
		return nil, asFault(err)
	}
	if err := upToDate(ctx, c, path, migrate); err != nil {
		return nil, errors.Join(asFault(err), c.close())
	}
	return c, nil
}

// upToDate migrates until the schema is the newest. Another process that opens a new file at the same moment may have
// made a step first; then ours fails, and looking again shows that there is nothing left to do.
func upToDate(ctx context.Context, c *conn, path string, migrate bool) error {
	latest, err := latestSchema()
	if err != nil {
		return err
	}
	var failed error
	for range 5 {
		current, err := schemaOf(c)
		switch {
		case err != nil:
			return err
		case current > latest:
			return &SchemaTooNewError{Have: current, Known: latest}
		case current == latest:
			return nil
		case !migrate:
			return &SchemaTooOldError{Have: current, Want: latest}
		}
		if failed = migrateOnce(ctx, path); ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return failed
}

// migrateOnce applies what is missing. Each migration is a transaction that takes the lock first.
func migrateOnce(ctx context.Context, path string) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	db, err := sql.Open("sqlite", dsn(path, lockFirst)) // goose speaks to database/sql
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files,
		goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true))
	if err == nil {
		_, err = provider.Up(ctx)
	}
	return errors.Join(err, db.Close())
}

// schemaOf returns the number of the last migration. Goose keeps a row for each one that was applied.
func schemaOf(c *conn) (version int64, err error) {
	var tables int64
	_, err = c.row(func(r *row) { tables = r.integer() }, "SELECT count(*) FROM sqlite_schema WHERE name = 'goose_db_version'")
	if err != nil || tables == 0 {
		return 0, err
	}
	_, err = c.row(func(r *row) { version = r.integer() }, "SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied")
	return version, err
}

func latestSchema() (latest int64, err error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return 0, err
	}
	for _, name := range files {
		n, err := goose.NumericComponent(name)
		if err != nil {
			return 0, err
		}
		latest = max(latest, n)
	}
	return latest, nil
}

// dialPatiently opens a connection although another process holds the file for a moment: changing the journal mode of
// a new file does not wait for a lock by itself.
func dialPatiently(ctx context.Context, path string, with ...string) (*conn, error) {
	deadline := time.Now().Add(busyTimeout)
	for {
		c, err := dial(path, with...)
		if err == nil || !isLock(err) || time.Now().After(deadline) {
			return c, err
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
