package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// SchemaTooNewError says that a newer mayfly has brought the database to a schema that this program cannot work with. A
// schema that is merely newer is no error: nodes of two versions run side by side while they are replaced.
type SchemaTooNewError struct {
	Needs, Known int64 // the oldest schema a program must know to work here, and the newest this program knows
}

func (e *SchemaTooNewError) Error() string {
	return fmt.Sprintf("the database needs a mayfly that knows schema %d, this one knows up to %d: use the newer binary or "+
		"restore a backup", e.Needs, e.Known)
}

// SchemaTooOldError says that the database has to be brought up to date first.
type SchemaTooOldError struct {
	Have, Want int64 // the schema of the database, and the one this program needs
}

func (e *SchemaTooOldError) Error() string {
	return fmt.Sprintf("the database has schema %d, this mayfly needs %d: run `mayfly migrate`", e.Have, e.Want)
}

// migrationLock is the advisory lock of whoever changes the schema: "mayfly" in ASCII.
const migrationLock = 0x6d6179666c79

// Migrate brings the schema up to date, and makes it if there is none.
func Migrate(ctx context.Context, url string) error {
	config, err := parse(url)
	if err != nil {
		return err
	}
	if err := openSchema(ctx, url, true); err != nil {
		return fmt.Errorf("migrate database %s: %w", nameOf(config), asFault(err))
	}
	return nil
}

// Status returns the schema that the database has, 0 if there is none yet, and the newest this program knows. It
// changes nothing.
func Status(ctx context.Context, url string) (current, latest int64, err error) {
	if latest, err = latestSchema(); err != nil {
		return 0, 0, err
	}
	c, err := dial(ctx, url)
	if err != nil {
		return 0, latest, fmt.Errorf("read schema: %w", asFault(err))
	}
	defer c.Close(context.WithoutCancel(ctx))
	if current, _, err = schemaOf(ctx, c); err != nil {
		return 0, latest, fmt.Errorf("read schema: %w", asFault(err))
	}
	return current, latest, nil
}

// dial opens one connection for work on the schema, which may take longer than a step.
func dial(ctx context.Context, url string) (*pgx.Conn, error) {
	config, err := parse(url)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"statement_timeout", "lock_timeout"} {
		delete(config.ConnConfig.RuntimeParams, name)
	}
	return pgx.ConnectConfig(ctx, config.ConnConfig)
}

// openSchema migrates if the schema is older than this program, and refuses what it cannot work with.
func openSchema(ctx context.Context, url string, migrate bool) error {
	c, err := dial(ctx, url)
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx))
	old, err := tooOld(ctx, c)
	switch {
	case err != nil:
		return err
	case old == nil:
		return nil
	case !migrate:
		return old
	}
	// The lock lasts as long as the transaction does, whichever connection of a pooler it runs on; the migrations run on
	// another one. Everybody else waits here and then finds nothing left to do.
	tx, err := c.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) // it changed nothing
	for _, text := range []string{
		"SET LOCAL statement_timeout = 0", "SET LOCAL lock_timeout = 0", "SET LOCAL idle_in_transaction_session_timeout = 0",
		fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", migrationLock),
	} {
		if _, err := tx.Exec(ctx, text); err != nil {
			return err
		}
	}
	if old, err := tooOld(ctx, c); err != nil || old == nil {
		return err
	}
	return runMigrations(ctx, url)
}

// tooOld returns nil if this program can work with the schema.
func tooOld(ctx context.Context, c *pgx.Conn) (*SchemaTooOldError, error) {
	latest, err := latestSchema()
	if err != nil {
		return nil, err
	}
	current, oldestProgram, err := schemaOf(ctx, c)
	switch {
	case err != nil:
		return nil, err
	case oldestProgram > latest:
		return nil, &SchemaTooNewError{Needs: oldestProgram, Known: latest}
	case current < latest:
		return &SchemaTooOldError{Have: current, Want: latest}, nil
	}
	return nil, nil
}

// runMigrations applies what is missing, each migration in a transaction of its own.
func runMigrations(ctx context.Context, url string) error {
	config, err := parse(url)
	if err != nil {
		return err
	}
	for _, name := range []string{"statement_timeout", "lock_timeout"} {
		delete(config.ConnConfig.RuntimeParams, name)
	}
	db := stdlib.OpenDB(*config.ConnConfig)
	return errors.Join(migrateWith(ctx, db), db.Close())
}

func migrateWith(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

// schemaOf returns the number of the last migration, of which goose keeps a row for each, and the oldest schema that a
// program must know.
func schemaOf(ctx context.Context, c *pgx.Conn) (current, oldestProgram int64, err error) {
	var migrated, made bool
	err = c.QueryRow(ctx, "SELECT to_regclass('goose_db_version') IS NOT NULL, to_regclass('mayfly') IS NOT NULL").
		Scan(&migrated, &made)
	if err != nil || !migrated || !made {
		return 0, 0, err
	}
	err = c.QueryRow(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&current)
	if err != nil {
		return 0, 0, err
	}
	err = c.QueryRow(ctx, "SELECT oldest_program FROM mayfly WHERE id = 1").Scan(&oldestProgram)
	if errors.Is(err, pgx.ErrNoRows) {
		err = errNoMayflyRow
	}
	return current, oldestProgram, err
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
