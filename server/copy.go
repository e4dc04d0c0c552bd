package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/keyset"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/transfer"
)

// Copying is two databases, opened so that the one can be copied into the other.
type Copying struct {
	From, To string // their names, without user and password
	Source   transfer.Source
	Target   transfer.Target
	// Live is the server that works on the source, or nil. It is known of an embedded database only.
	Live *InUseError

	closers []func() error
}

// CopyURLs name two databases as database_url does.
type CopyURLs struct{ From, To string }

// OpenCopying opens the databases. An embedded one is claimed, so that no server starts on it meanwhile; one that a server
// works on may be the source and not the target. With dryRun nothing is made, neither a file nor a table.
//
// Errors: *SettingError joined; *InUseError; *fault.Unavailable.
func OpenCopying(ctx context.Context, urls CopyURLs, dryRun bool) (_ *Copying, err error) {
	from, to, err := urls.databases()
	if err != nil {
		return nil, err
	}
	c := &Copying{From: from.name, To: to.name}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	if err := from.mustBeCurrent(ctx); err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	if err := c.claimSource(from); err != nil {
		return nil, err
	}
	if c.Source, err = c.open(ctx, from); err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	if c.Target, err = c.openTarget(ctx, to, dryRun); err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	return c, nil
}

func (u CopyURLs) databases() (from, to database, err error) {
	bad := &checking{}
	for _, one := range []struct {
		setting, url string
		into         *database
	}{{"from", u.From, &from}, {"to", u.To, &to}} {
		if one.url == "" {
			bad.fault(one.setting, "no database is named", "write --"+one.setting+" sqlite:PATH, postgres://user:password@host/database or mongodb://…")
			continue
		}
		before := len(bad.faults)
		*one.into = bad.database(Config{DatabaseURL: one.url})
		for _, fault := range bad.faults[before:] {
			var named *SettingError
			if errors.As(fault, &named) {
				named.Setting = one.setting
			}
		}
	}
	if len(bad.faults) == 0 && (u.From == u.To || sameFile(from.file, to.file)) {
		bad.fault("to", "it is the source itself", "name another database")
	}
	return from, to, errors.Join(bad.faults...)
}

func sameFile(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	left, errLeft := os.Stat(a)
	right, errRight := os.Stat(b)
	if errLeft != nil || errRight != nil {
		return absolute(a) == absolute(b)
	}
	return os.SameFile(left, right)
}

// mustBeCurrent refuses a database that would have to be changed to be read, or that this program would read half of.
func (d database) mustBeCurrent(ctx context.Context) error {
	current, latest, err := d.schema(ctx)
	switch {
	case err != nil:
		return err
	case current == 0:
		return fmt.Errorf("there is no mayfly database in %s; fix: name the one that the server works on", d.name)
	case current < latest:
		return fmt.Errorf("%s has schema %d, this mayfly needs %d; fix: run `mayfly migrate` on it first, old servers may go on working",
			d.name, current, latest)
	case current > latest:
		return fmt.Errorf("%s has schema %d, this mayfly knows up to %d; fix: use the newer binary", d.name, current, latest)
	}
	return nil
}

func (c *Copying) claimSource(from database) error {
	release, err := from.claim()
	if errors.As(err, &c.Live) {
		return nil
	}
	if err == nil {
		c.closers = append(c.closers, release)
	}
	return err
}

func (c *Copying) openTarget(ctx context.Context, to database, dryRun bool) (transfer.Target, error) {
	current, latest, err := to.schema(ctx)
	switch {
	case err != nil:
		return nil, err
	case dryRun && current == 0:
		return nothing{}, nil
	case current > latest, dryRun && current < latest:
		return nil, to.mustBeCurrent(ctx)
	}
	release, err := to.claim()
	var inUse *InUseError
	if errors.As(err, &inUse) {
		return nil, fmt.Errorf("a server works on %s%s; fix: stop it: what it writes meanwhile would be lost", to.name, inUse.process())
	}
	if err != nil {
		return nil, err
	}
	c.closers = append(c.closers, release)
	return c.open(ctx, to)
}

func (e *InUseError) process() string {
	if e.Holder == "" {
		return ""
	}
	return " (process " + e.Holder + ")"
}

func (c *Copying) open(ctx context.Context, d database) (transfer.Target, error) {
	db, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	c.closers = append(c.closers, db.Close)
	side, ok := db.(interface{ Transfer() transfer.Target })
	if !ok {
		return nil, fmt.Errorf("%s is of a kind that cannot be copied", d.name)
	}
	return side.Transfer(), nil
}

// Close closes both databases and lets go of them.
func (c *Copying) Close() (err error) {
	for len(c.closers) > 0 {
		last := len(c.closers) - 1
		err = errors.Join(err, c.closers[last]())
		c.closers = c.closers[:last]
	}
	return err
}

// nothing is a database that is not there yet.
type nothing struct{}

func (nothing) Count(context.Context) (int, error) { return 0, nil }
func (nothing) People(context.Context, uuid.UUID, int) ([]transfer.Person, error) {
	return nil, nil
}
func (nothing) Keys(context.Context) ([]keyset.StoredKey, error) { return nil, nil }
func (nothing) Revocations(context.Context, session.Key, int) ([]transfer.Revoked, error) {
	return nil, nil
}
func (nothing) Mark(context.Context) (transfer.Mark, error)  { return transfer.Mark{}, nil }
func (nothing) Write(context.Context, transfer.Change) error { return errNothing }
func (nothing) SetMark(context.Context, transfer.Mark) error { return errNothing }

var errNothing = errors.New("a database that is not there was written to")

// endCopy makes the target of a copy a database like any other when a server starts on it: from then on no copy may write
// to it. A target that was never found to be the same as its source is refused.
func endCopy(ctx context.Context, db store) error {
	side, ok := db.(interface{ Transfer() transfer.Target })
	if !ok {
		return nil
	}
	mark, err := side.Transfer().Mark(ctx)
	switch {
	case err != nil || mark == (transfer.Mark{}):
		return err
	case !mark.Complete:
		return fmt.Errorf("the database is the target of a copy from %s that is not complete; fix: stop the server there, run the "+
			"same `mayfly store copy` again, then start this one", mark.Source)
	}
	return side.Transfer().SetMark(ctx, transfer.Mark{})
}

// secretBeside returns the path of the secret file that lies beside an embedded database, or nothing.
func secretBeside(url string) string {
	d := (&checking{}).database(Config{DatabaseURL: url})
	if d.file == "" {
		return ""
	}
	path := filepath.Join(filepath.Dir(d.file), secretFile)
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return absolute(path)
}

// People returns at most limit users with an id greater than after, whole: with their password hashes.
func (r *Rooms) People(ctx context.Context, after uuid.UUID, limit int) ([]transfer.Person, error) {
	side, ok := r.store.(interface{ Transfer() transfer.Target })
	if !ok {
		return nil, errors.New("the database is of a kind that cannot be read whole")
	}
	return side.Transfer().People(ctx, after, limit)
}
