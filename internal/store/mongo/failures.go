package mongo

import (
	"context"
	"errors"
	"slices"

	driver "go.mongodb.org/mongo-driver/v2/mongo"
)

// failure is a command that did not succeed, and what is known of it.
type failure struct {
	err  error
	sent bool // the database may have got the command
}

// refusals are the codes of a server that has not begun with the command, since it is not the primary or has too much to
// do.
var refusals = []int{
	10107, 13435, 13436, // NotWritablePrimary, NotPrimaryNoSecondaryOk, NotPrimaryOrSecondary
	112, // WriteConflict
	462, // IngressRequestRateLimitExceeded
}

// interruptions are the codes of a server that stops, steps down, or has lost the others, perhaps in the midst of the
// command.
var interruptions = []int{
	6, 7, 89, 9001, // HostUnreachable, HostNotFound, NetworkTimeout, SocketException
	91, 189, 11600, 11602, // ShutdownInProgress, PrimarySteppedDown, InterruptedAtShutdown, InterruptedDueToReplStateChange
	50, 64, 134, 262, // MaxTimeMSExpired, WriteConcernTimeout, ReadConcernMajorityNotAvailableYet, ExceededTimeLimit
	11601, 24, 46, // Interrupted, LockTimeout, LockBusy
}

// notMade reports whether the command was certainly not made, and may succeed if it is tried again.
func (f failure) notMade() bool {
	codes := codesOf(f.err)
	if len(codes) > 0 {
		return !concernsWrite(f.err) && anyOf(codes, refusals)
	}
	return !f.sent && f.passes()
}

// again reports whether the command may succeed if it is tried again.
func (f failure) again() bool {
	codes := codesOf(f.err)
	return anyOf(codes, refusals) || anyOf(codes, interruptions) || len(codes) == 0 && f.passes()
}

// passes reports whether an error that names no code came from the way to the database, or from its silence.
func (f failure) passes() bool {
	return isWay(f.err) || driver.IsTimeout(f.err) || errors.Is(f.err, context.DeadlineExceeded)
}

// codesOf returns the codes that the database named.
func codesOf(err error) []int {
	var server driver.ServerError
	if !errors.As(err, &server) {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(server.ErrorCodes()), func(code int) bool { return code == 0 })
}

// concernsWrite reports whether the command was made, and only its durability is in doubt.
func concernsWrite(err error) bool {
	var e driver.WriteException
	return errors.As(err, &e) && e.WriteConcernError != nil
}

func anyOf(codes, of []int) bool {
	return slices.ContainsFunc(codes, func(code int) bool { return slices.Contains(of, code) })
}
