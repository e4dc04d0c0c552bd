package postgres

import (
	"context"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/mayfly-auth/mayfly/internal/fault"
)

var (
	// errClosed answers every step that comes after Close.
	errClosed = &fault.Unavailable{Cause: errors.New("postgres: the database is closed")}
	// errNoMayflyRow says that the schema was made by hand, or a table emptied.
	errNoMayflyRow = &fault.Unavailable{
		Cause: errors.New("postgres: the table mayfly has no row"),
		Fix:   "put it back: INSERT INTO mayfly VALUES (1, 0, 1), or restore a backup",
	}
	// errContended ends a step that found its row changed under it every time.
	errContended = &fault.Unavailable{Cause: errors.New("postgres: the row changed each time that the step was tried")}
)

const (
	fixReach  = "see that PostgreSQL runs and that its host and port can be reached from here"
	fixLogin  = "see that the user and password of the database URL are right and that pg_hba.conf lets them in"
	fixPooler = "a pooler gives every transaction another connection: add default_query_exec_mode=exec to the database URL"
	fixSlow   = "look for long transactions in pg_stat_activity and for what keeps the database busy"
	fixSchema = "see that search_path is right, and run `mayfly migrate`"
	fixDamage = "the database is damaged: stop the server and restore a backup"
)

// fixes says what the operator can do about a condition. One that is neither here nor in classFixes is no fault of the
// database but a mistake in this package.
var fixes = map[string]string{
	"25006": "the database takes no writes: name the primary in the database URL, not a standby, or " +
		"several hosts and target_session_attrs=read-write",
	"26000": fixPooler, // a prepared statement that another connection has
	"42P05": fixPooler,
	"08P01": fixPooler, // it refused a setting of the connection
	"3D000": "make the database: createdb",
	"3F000": fixSchema,
	"42P01": fixSchema,
	"42703": fixSchema,
	"42501": "give the user the rights that docs/postgresql.md names",
	"53100": "the disk of the database is full: free space, the server goes on by itself",
	"53200": "the database has no memory left: give it more, or let it have fewer connections",
	"53300": "the database has no connection left: raise max_connections, lower pool_max_conns in the database URL, or " +
		"put a pooler between",
	"55P03": "a row is locked for too long: look for long transactions in pg_stat_activity",
	"57014": fixSlow,
	"57P03": "", // it starts or stops
	"XX001": fixDamage,
	"XX002": fixDamage,
}

var classFixes = map[string]string{
	"08": fixReach, // connection
	"25": "",       // the transaction was ended by the database
	"28": fixLogin,
	"40": "", // conflicts that outlived every try
	"53": "give the database more: it says what it lacks",
	"57": "", // an operator stops it
	"58": "look into the database's log: its disk or system fails",
}

// asFault returns err as *fault.Unavailable if it is a failure of the database or of the way there, and as it is
// otherwise.
func asFault(err error) error {
	if err == nil || fault.IsUnavailable(err) {
		return err
	}
	if state := sqlState(err); state != "" {
		fix, ok := fixes[state]
		if !ok {
			fix, ok = classFixes[class(state)]
		}
		if !ok {
			return err
		}
		return &fault.Unavailable{Cause: err, Fix: fix}
	}
	var connecting *pgconn.ConnectError
	var network net.Error
	switch {
	case errors.As(err, &connecting):
		return &fault.Unavailable{Cause: err, Fix: fixReach}
	case errors.Is(err, context.DeadlineExceeded): // of the step: the caller's own is told before
		return &fault.Unavailable{Cause: err, Fix: fixSlow}
	case errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, net.ErrClosed), errors.Is(err, pgconn.ErrConnClosed), pgconn.SafeToRetry(err):
		return &fault.Unavailable{Cause: err, Fix: fixReach}
	}
	return err
}
