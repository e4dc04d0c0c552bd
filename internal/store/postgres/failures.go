package postgres

import (
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// The conditions (SQLSTATE) that a step is tried again after.
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	uniqueViolation      = "23505"
)

// failure is a step that did not succeed, and what is known of it.
type failure struct {
	err    error
	lost   bool // the connection is gone, or there was none
	unsent bool // the database did not get the step
}

func failed(err error, c *pgx.Conn) failure {
	if err == nil {
		return failure{}
	}
	return failure{err: err, lost: c.IsClosed(), unsent: pgconn.SafeToRetry(err)}
}

// notMade reports whether the step was certainly not made, and may succeed if it is tried again.
func (f failure) notMade() bool {
	switch sqlState(f.err) {
	case serializationFailure, deadlockDetected:
		return true
	}
	return f.unsent && f.passes()
}

// again reports whether the step may succeed if it is tried again.
func (f failure) again() bool { return f.notMade() || f.lost && f.passes() }

// passes reports whether a refusal is one that time heals: the database stops, starts, or has too many connections. One
// that names no condition came from the network.
func (f failure) passes() bool {
	switch state := sqlState(f.err); {
	case state == "", class(state) == "08", class(state) == "57", state == "53300":
		return true
	}
	return false
}

// sqlState returns the condition that the database named, or "".
func sqlState(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// class returns the first two characters of a condition (PostgreSQL documentation, appendix A).
func class(state string) string {
	if len(state) < 2 {
		return ""
	}
	return state[:2]
}
