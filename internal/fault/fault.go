// Package fault names the one failure every room shares: a part the server depends on cannot answer now.
//
// What a caller did wrong, and what a session or a user is, is said by the sentinel errors of the package that owns
// the idea. A database that is full, read-only, locked or gone is nobody's idea, so it lives here. Doors turn it into
// 503 with Retry-After and never show its text to a visitor; logs and readiness show all of it.
package fault

import "errors"

// Unavailable says that a dependency cannot answer now and that trying again later may help.
// Nothing was acknowledged: the step it interrupted either did not happen or is safe to repeat.
type Unavailable struct {
	// Cause is what the dependency said.
	Cause error
	// Fix is one sentence for the operator, or empty where there is nothing to do but wait.
	Fix string
}

func (e *Unavailable) Error() string {
	if e.Fix == "" {
		return "unavailable: " + e.Cause.Error()
	}
	return "unavailable: " + e.Cause.Error() + " (" + e.Fix + ")"
}

// Unwrap returns the cause.
func (e *Unavailable) Unwrap() error { return e.Cause }

// IsUnavailable reports whether err, or anything it wraps, is an *Unavailable.
func IsUnavailable(err error) bool {
	_, ok := errors.AsType[*Unavailable](err)
	return ok
}
