package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/mayfly-auth/mayfly/internal/credential"
	"github.com/mayfly-auth/mayfly/internal/keyset"
	"github.com/mayfly-auth/mayfly/internal/limit"
	"github.com/mayfly-auth/mayfly/internal/revocation"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/user"
)

// Options say which database is opened and how.
type Options struct {
	// URL is postgres://user:password@host:port/database?setting=value, or the same as key=value words. See parse for
	// the settings that are not PostgreSQL's own.
	URL string
	// NoMigrate refuses a database with an older schema (*SchemaTooOldError) instead of bringing it up to date.
	NoMigrate bool
	// Tracer is told of every statement. It may be nil.
	Tracer pgx.QueryTracer
}

// DB is an open database. Its stores may be used by any number of goroutines, and any number of DBs, in any number of
// processes, may be open on one database.
type DB struct {
	refreshes *conns // of their own, so that a refresh waits for nothing but refreshes
	others    *conns
	fleet     *fleet
	bells     *bells // ring when a session may have been ended
	single    bool   // one rotation a statement
}

// Open connects to the database and brings its schema up to date. Many nodes may do so at once.
//
// A database that does not answer or lets nobody in comes back as *fault.Unavailable with the fix; a schema that this
// program cannot work with as *SchemaTooNewError.
func Open(ctx context.Context, o Options) (*DB, error) {
	config, err := parse(o.URL)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	config.ConnConfig.Tracer = o.Tracer
	if err := openSchema(ctx, o.URL, !o.NoMigrate); err != nil {
		return nil, fmt.Errorf("open database %s: %w", nameOf(config), asFault(err))
	}
	return connect(ctx, config)
}

func connect(ctx context.Context, config *settings) (*DB, error) {
	first, rest := config.divide()
	refreshes, err := pgxpool.NewWithConfig(ctx, first)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	others, err := pgxpool.NewWithConfig(ctx, rest)
	if err != nil {
		refreshes.Close()
		return nil, fmt.Errorf("open database: %w", err)
	}
	db := &DB{refreshes: &conns{pool: refreshes}, others: &conns{pool: others}, single: config.single}
	db.bells = newBells(db.others, listenerOf(config.ConnConfig))
	db.fleet = newFleet(int(first.MaxConns), config.aboard(), rotator{db.refreshes}.rotate)
	return db, nil
}

// Sessions returns the store of sessions.
func (db *DB) Sessions() session.Store { return sessions{db.others, db.fleet, db.bells, db.single} }

// Users returns the store of users.
func (db *DB) Users() user.Store { return users{db.others, db.bells} }

// Credentials returns the store of password hashes.
func (db *DB) Credentials() credential.Store { return credentials{db.others, db.bells} }

// Limits returns the store of attempts.
func (db *DB) Limits() limit.Store { return limits{db.others} }

// Keys returns the store of signing keys.
func (db *DB) Keys() keyset.Store { return signingKeys{db.others} }

// Revocations returns the store of what was ended early.
func (db *DB) Revocations() revocation.Store { return revocations{db.others, db.bells, db.single} }

// Clock returns the time by the database's own clock.
func (db *DB) Clock(ctx context.Context) (time.Time, error) {
	return repeat(ctx, db.others, func(ctx context.Context, c *pgx.Conn) (now time.Time, err error) {
		return now, c.QueryRow(ctx, "SELECT clock_timestamp()").Scan(&now)
	})
}

// Close answers what waits and closes the connections. Steps that come later get *fault.Unavailable.
func (db *DB) Close() error {
	db.bells.close()
	db.fleet.close()
	db.refreshes.close()
	db.others.close()
	return nil
}

// Ping makes a durable write and a read, as a refresh does. It fails with *fault.Unavailable where a refresh would.
func (db *DB) Ping(ctx context.Context) error {
	_, err := repeat(ctx, db.refreshes, func(ctx context.Context, c *pgx.Conn) (writes int64, err error) {
		return writes, c.QueryRow(ctx, "UPDATE mayfly SET writes = writes + 1 WHERE id = 1 RETURNING writes").Scan(&writes)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return errNoMayflyRow
	}
	return err
}
