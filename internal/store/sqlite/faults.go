package sqlite

import (
	"database/sql"
	"database/sql/driver"
	"errors"

	sqlitedriver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"github.com/mayfly-auth/mayfly/internal/fault"
)

// errClosed answers every step that comes after Close.
var errClosed = &fault.Unavailable{Cause: errors.New("sqlite: the database is closed")}

const (
	fixPermission = "make the data folder and the files in it writable for the user that runs mayfly"
	fixLock       = "another process holds the database: end the backup, shell or command that has it open"
)

// fixes says what the operator can do about a fault, by primary result code. A code that is not in the list is no
// fault of the database but a mistake in this package.
var fixes = map[int]string{
	codes.SQLITE_FULL:     "the disk is full: free space, the server goes on by itself",
	codes.SQLITE_IOERR:    "the disk refuses: look for free space and into the system's log for disk errors",
	codes.SQLITE_READONLY: fixPermission,
	codes.SQLITE_PERM:     fixPermission,
	codes.SQLITE_CANTOPEN: "see that the data folder is still there and writable for the user that runs mayfly",
	codes.SQLITE_BUSY:     fixLock,
	codes.SQLITE_LOCKED:   fixLock,
	codes.SQLITE_PROTOCOL: fixLock,
	codes.SQLITE_NOMEM:    "there is no memory left: give the server more",
	codes.SQLITE_CORRUPT:  "the database file is damaged: stop the server and restore a backup",
	codes.SQLITE_NOTADB:   "the file is not a SQLite database: point the data folder elsewhere or restore a backup",
}

// resultCode returns the primary result code of SQLite in err, or 0.
func resultCode(err error) int {
	var e *sqlitedriver.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Code() & 0xff
}

// asFault returns err as *fault.Unavailable if it is a failure of the database, and as it is otherwise.
func asFault(err error) error {
	if err == nil || fault.IsUnavailable(err) {
		return err
	}
	if fix, ok := fixes[resultCode(err)]; ok {
		return &fault.Unavailable{Cause: err, Fix: fix}
	}
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) {
		return &fault.Unavailable{Cause: err}
	}
	return err
}

// isLock reports whether err says only that somebody else holds the file, and nothing about the connection itself.
func isLock(err error) bool {
	switch resultCode(err) {
	case codes.SQLITE_BUSY, codes.SQLITE_LOCKED, codes.SQLITE_PROTOCOL:
		return true
	}
	return false
}

// spoils reports whether a connection is to be opened anew after err.
func spoils(err error) bool { return fault.IsUnavailable(asFault(err)) && !isLock(err) }
