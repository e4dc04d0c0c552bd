package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	_ "github.com/jackc/pgx/v5/stdlib" // to ask for sizes behind the store's back
	_ "modernc.org/sqlite"

	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/store/postgres"
	"github.com/mayfly-auth/mayfly/internal/store/sqlite"
	"github.com/mayfly-auth/mayfly/internal/user"
)

// database is one that is filled through the store, as a server would fill it.
type database struct {
	store interface {
		Users() user.Store
		Sessions() session.Store
		Close() error
	}
	driver, source string
	sizes          string // asks for the name and the bytes of each table, indexes included
	postgres       bool
}

func openDatabase(ctx context.Context, url string) (d database, err error) {
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		d = database{driver: "sqlite", source: path, sizes: `SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name GROUP BY 1`}
		d.store, err = sqlite.Open(ctx, sqlite.Options{Path: path})
		return d, err
	}
	if !strings.HasPrefix(url, "postgres") {
		return d, errors.New("-fill wants -database sqlite:PATH or postgres://…, of an empty database")
	}
	d = database{driver: "pgx", source: url, postgres: true, sizes: `SELECT relname, pg_total_relation_size(oid) FROM pg_class
		WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace`}
	d.store, err = postgres.Open(ctx, postgres.Options{URL: url})
	return d, err
}

// fill makes one user for every two sessions, the second sessions in an order of chance, and refreshes each session three
// times. It prints what that takes.
func fill(ctx context.Context, out io.Writer, url string, sessions int) error {
	d, err := openDatabase(ctx, url)
	if err != nil {
		return err
	}
	users := make([]user.User, max(1, sessions/2))
	all := make([]session.Session, 2*len(users))
	err = each(ctx, len(users), func(ctx context.Context, i int) error {
		users[i] = somebody()
		if err := d.store.Users().Create(ctx, users[i], passwordHash); err != nil {
			return err
		}
		all[i] = signedIn(users[i])
		return d.store.Sessions().Create(ctx, all[i])
	})
	order := rand.New(rand.NewPCG(1, 0)).Perm(len(users))
	if err == nil {
		err = each(ctx, len(users), func(ctx context.Context, i int) error {
			all[len(users)+i] = signedIn(users[order[i]])
			return d.store.Sessions().Create(ctx, all[len(users)+i])
		})
	}
	if err == nil {
		err = d.refreshAll(ctx, out, all)
	}
	if err := errors.Join(err, d.store.Close()); err != nil { // SQLite moves its WAL into the file
		return err
	}
	return d.print(ctx, out, len(users), len(all))
}

// refreshAll refreshes every session three times: once so that the pages are as they are in use, then right after a
// checkpoint, when PostgreSQL writes each page that is touched whole, then when all pages have been. It is asked what that
// wrote.
func (d database) refreshAll(ctx context.Context, out io.Writer, all []session.Session) error {
	db, err := sql.Open(d.driver, d.source)
	if err != nil {
		return err
	}
	defer db.Close()
	wal := [3]float64{}
	for round := range wal {
		if d.postgres && round == 1 {
			if _, err := db.ExecContext(ctx, "CHECKPOINT"); err != nil {
				return err
			}
		}
		before, err := d.written(ctx, db)
		if err != nil {
			return err
		}
		if err := d.refreshEach(ctx, all, uint64(round)); err != nil {
			return err
		}
		after, err := d.written(ctx, db)
		if err != nil {
			return err
		}
		wal[round] = after - before
	}
	if !d.postgres {
		return nil
	}
	var pages float64
	if err := db.QueryRowContext(ctx, "SELECT pg_relation_size('sessions') / 8192").Scan(&pages); err != nil {
		return err
	}
	n := float64(len(all))
	touched := pages * (1 - math.Exp(-n/pages)) // as if by chance: all of them, if sessions are several to a page
	fmt.Fprintf(out, "WAL of a refresh: %s bytes, and %s for the first in a page after a checkpoint (%s pages)\n",
		number(wal[2]/n), number((wal[1]-wal[2])/touched), number(pages))
	return nil
}

// refreshEach refreshes every session once, in an order of chance.
func (d database) refreshEach(ctx context.Context, all []session.Session, seed uint64) error {
	order := rand.New(rand.NewPCG(seed, 1)).Perm(len(all))
	return each(ctx, len(all), func(ctx context.Context, i int) error {
		s := &all[order[i]]
		rec, moved, err := d.store.Sessions().Rotate(ctx, nextOf(*s))
		if err == nil && !moved {
			err = errors.New("a refresh moved nothing")
		}
		*s = rec.Session
		return err
	})
}

// written is how many bytes of WAL PostgreSQL has written.
func (d database) written(ctx context.Context, db *sql.DB) (n float64, err error) {
	if d.postgres {
		err = db.QueryRowContext(ctx, "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8").Scan(&n)
	}
	return n, err
}

func (d database) print(ctx context.Context, out io.Writer, users, sessions int) error {
	db, err := sql.Open(d.driver, d.source)
	if err != nil {
		return err
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, d.sizes)
	if err != nil {
		return err
	}
	defer rows.Close()
	var ofSessions, ofUsers float64
	for rows.Next() {
		var name string
		var bytes float64
		if err := rows.Scan(&name, &bytes); err != nil {
			return err
		}
		switch name {
		case "sessions":
			ofSessions += bytes
		case "users", "passwords", "identifiers":
			ofUsers += bytes
		}
	}
	fmt.Fprintf(out, "%d sessions: %.0f bytes each; %d users: %.0f bytes each\n", sessions, ofSessions/float64(sessions), users, ofUsers/float64(users))
	return rows.Err()
}

// each calls do for every number below n, many at a time, as a crowd would.
func each(ctx context.Context, n int, do func(context.Context, int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var group sync.WaitGroup
	for range 256 {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				if err := do(ctx, i); err != nil {
					cancel(err)
				}
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

const (
	passwordHash = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" // as long as one
	userAgent    = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)

func somebody() user.User {
	id, now := uuid.Must(uuid.NewV7()), time.Now()
	name := id.String()[24:]
	return user.User{ID: id, Email: name + "@example.org", Username: name, Name: "Ada Lovelace", CreatedAt: now, UpdatedAt: now}
}

func signedIn(u user.User) session.Session {
	now := time.Now()
	return session.Session{
		User: u.ID, ID: uuid.Must(uuid.NewV7()), Epoch: u.Epoch,
		Lineage:  session.Lineage{Generation: 1, RotatedAt: now},
		Delivery: session.Cookie, AMR: []string{"pwd"},
		Device:    session.Device{Address: netip.MustParseAddr("2001:db8:85a3::8a2e:370:7334"), UserAgent: userAgent},
		CreatedAt: now, ExpiresAt: now.AddDate(0, 0, 90),
	}
}

// nextOf is the refresh of a session whose window is over.
func nextOf(s session.Session) session.Rotation {
	now := time.Now()
	return session.Rotation{
		User: s.User, Session: s.ID, Generation: s.Generation,
		RotatedBefore: now.AddDate(1, 0, 0), RotatedAfter: now.AddDate(-1, 0, 0), Now: now,
		Next: session.Lineage{Generation: s.Generation + 1, Parent: s.Generation, RotatedAt: now},
	}
}
