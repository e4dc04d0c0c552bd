package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/mayfly-auth/mayfly/internal/credential"
	"github.com/mayfly-auth/mayfly/internal/fault"
	"github.com/mayfly-auth/mayfly/internal/keyset"
	"github.com/mayfly-auth/mayfly/internal/limit"
	"github.com/mayfly-auth/mayfly/internal/revocation"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/user"
)

// Options say which file is opened and how.
type Options struct {
	// Path is the database file. It is made if it is not there; its folder is not.
	Path string
	// ReadConns is how many reads may run at once; 0 means one for each processor, two at least.
	ReadConns int
	// NoMigrate refuses a database with an older schema (*SchemaTooOldError) instead of bringing it up to date.
	NoMigrate bool
}

// DB is an open database. Its stores may be used by any number of goroutines.
type DB struct {
	path    string
	file    os.FileInfo // what Path named when it was opened
	writer  *writer
	readers *readers
	bell    revocation.Bell // rings when a session may have been ended
}

// Open opens the database, makes it if need be, and brings its schema up to date.
//
// A folder or file that cannot be used comes back as *fault.Unavailable with the fix; a schema that this program does
// not know as *SchemaTooNewError.
func Open(ctx context.Context, o Options) (*DB, error) {
	path, err := filepath.Abs(o.Path)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	first, err := openSchema(ctx, path, !o.NoMigrate)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	file, err := os.Stat(path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), first.close())
	}
	n := o.ReadConns
	if n <= 0 {
		n = max(2, runtime.GOMAXPROCS(0))
	}
	return &DB{
		path:    path,
		file:    file,
		writer:  newWriter(first, func() (*conn, error) { return dial(path) }),
		readers: newReaders(n, func() (*conn, error) { return dial(path, readOnly) }),
	}, nil
}

// Sessions returns the store of sessions.
func (db *DB) Sessions() session.Store { return sessions{db.writer, db.readers, &db.bell} }

// Users returns the store of users.
func (db *DB) Users() user.Store { return users{db.writer, db.readers, &db.bell} }

// Credentials returns the store of password hashes.
func (db *DB) Credentials() credential.Store { return credentials{db.writer, db.readers, &db.bell} }

// Limits returns the store of attempts.
func (db *DB) Limits() limit.Store { return limits{db.writer} }

// Keys returns the store of signing keys.
func (db *DB) Keys() keyset.Store { return signingKeys{db.writer, db.readers} }

// Revocations returns the store of what was ended early.
func (db *DB) Revocations() revocation.Store { return revocations{db.writer, db.readers, &db.bell} }

// Close commits what waits and closes the file. Steps that come later get *fault.Unavailable.
func (db *DB) Close() error { return errors.Join(db.writer.close(), db.readers.close()) }

// Ping makes a durable write and a read. It fails with *fault.Unavailable where a sign-in would.
func (db *DB) Ping(ctx context.Context) error {
	// SQLite goes on writing into a file that was deleted or moved away, and all of it would be lost.
	if now, err := os.Stat(db.path); err != nil || !os.SameFile(now, db.file) {
		return &fault.Unavailable{
			Cause: fmt.Errorf("sqlite: %s is no longer the file that was opened", db.path),
			Fix:   "put the database file back where it was and restart the server",
		}
	}
	_, err := writeOne(ctx, db.writer, func(c *conn) (int, error) {
		return c.exec("UPDATE probe SET writes = writes + 1")
	})
	if err != nil {
		return err
	}
	_, err = read(ctx, db.readers, func(c *conn) (writes int64, err error) {
		_, err = c.row(func(r *row) { writes = r.integer() }, "SELECT writes FROM probe")
		return writes, err
	})
	return err
}

// makeFile sees to it that there is a file, which only its owner may read: password hashes and the seeds of sessions
// are in it. SQLite gives the files it keeps beside it the same permissions.
func makeFile(path string) error {
	folder := filepath.Dir(path)
	info, err := os.Stat(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &fault.Unavailable{Cause: err, Fix: "make the folder " + folder + " or name another one"}
	case err != nil:
		return &fault.Unavailable{Cause: err, Fix: "let the user that runs mayfly into the folder " + folder}
	case !info.IsDir():
		return &fault.Unavailable{Cause: fmt.Errorf("%s is not a folder", folder), Fix: "name a folder for the data"}
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return &fault.Unavailable{Cause: err, Fix: fixPermission}
	case err != nil:
		return &fault.Unavailable{Cause: err, Fix: "see that " + path + " can be a file and that the disk takes writes"}
	}
	return file.Close()
}
