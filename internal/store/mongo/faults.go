package mongo

import (
	"context"
	"errors"
	"io"
	"net"

	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"

	"github.com/mayfly-auth/mayfly/internal/fault"
)

var (
	// errClosed answers every step that comes after Close.
	errClosed = &fault.Unavailable{Cause: errors.New("mongo: the database is closed")}
	// errNoMayflyDocument says that a collection was emptied.
	errNoMayflyDocument = &fault.Unavailable{
		Cause: errors.New("mongo: the collection mayfly has no document of the schema"),
		Fix:   "run `mayfly migrate`, or restore a backup",
	}
	// errContended ends a step that found its document changed under it every time.
	errContended = &fault.Unavailable{Cause: errors.New("mongo: the document changed each time that the step was tried")}
	// errFenced ends a registration that took so long that somebody else was let have the email or username.
	errFenced = &fault.Unavailable{Cause: errors.New("mongo: the registration took too long")}
)

const (
	fixReach = "see that MongoDB runs and that its hosts and ports can be reached from here"
	fixLogin = "see that the user, the password and authSource of the database URL are right"
	fixSlow  = "look for what keeps the database busy: db.currentOp(), and the lag of the secondaries"
	fixRight = "give the user the rights that docs/mongodb.md names"
	fixElect = "" // a primary is chosen
	fixSpace = "the disk of the database is full: free space, the server goes on by itself"
	fixInner = "the database fails by itself: its log says why; often its disk is full or read-only"
	fixNodes = "too few members of the replica set are up for a majority: start them"
)

// fixes says what the operator can do about a code (MongoDB documentation, error codes). One that is not here is no fault
// of the database but a mistake in this package.
var fixes = map[int]string{
	1: fixInner, 8: fixInner, // InternalError, UnknownError
	13: fixRight, // Unauthorized
	18: fixLogin, 11: fixLogin, 8000: fixLogin,
	6: fixReach, 7: fixReach, 89: fixReach, 9001: fixReach,
	91: fixElect, 189: fixElect, 10107: fixElect, 11600: fixElect, 11601: fixElect, 11602: fixElect, 13435: fixElect,
	13436: fixElect, 133: "the database has no primary: see rs.status()",
	24: fixSlow, 46: fixSlow, 50: fixSlow, 112: fixSlow, 262: fixSlow, 462: fixSlow,
	365: fixSlow, 433: fixSlow, 449: fixSlow, 450: fixSlow, // TemporarilyUnavailable, and other words for too much to do
	64: fixNodes, 100: fixNodes, 134: fixNodes,
	14031: fixSpace,
	371:   "the database takes no writes of users: it was told so by setUserWriteBlockMode", // UserWritesBlocked
	146:   "the database has no memory left: give it more",                                  // ExceededMemoryLimit
	10334: "a user has more data than a document holds: give them less metadata, or run the cleaner more often",
	17280: "a user has more data than a document holds: give them less metadata, or run the cleaner more often",
	20:    "the server refuses this kind of command: see in docs/mongodb.md which servers were tried", // IllegalOperation
}

// asFault returns err as *fault.Unavailable if it is a failure of the database or of the way there, and as it is otherwise.
func asFault(err error) error {
	if err == nil || fault.IsUnavailable(err) {
		return err
	}
	for _, code := range codesOf(err) {
		if fix, ok := fixes[code]; ok {
			return &fault.Unavailable{Cause: err, Fix: fix}
		}
	}
	if len(codesOf(err)) > 0 {
		return err
	}
	switch {
	case isWay(err):
		return &fault.Unavailable{Cause: err, Fix: fixReach}
	case driver.IsTimeout(err), errors.Is(err, context.DeadlineExceeded): // of the step: the caller's own is told before
		return &fault.Unavailable{Cause: err, Fix: fixSlow}
	}
	return err
}

// isWay reports whether the way to the database failed.
func isWay(err error) bool {
	var selecting topology.ServerSelectionError
	var connecting topology.ConnectionError
	var pool topology.PoolError
	var waiting topology.WaitQueueTimeoutError
	var cleared interface{ Retryable() bool } // the pool was, when another connection failed
	var network net.Error
	return errors.As(err, &cleared) || driver.IsNetworkError(err) || errors.As(err, &selecting) || errors.As(err, &connecting) || errors.As(err, &pool) ||
		errors.As(err, &waiting) || errors.As(err, &network) && !errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}
