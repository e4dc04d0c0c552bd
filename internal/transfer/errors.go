package transfer

import (
	"errors"
	"fmt"
)

// ErrUnfinishedSource says that the source is itself the target of a copy that was never completed.
var ErrUnfinishedSource = errors.New("the source is the target of a copy that was never completed; fix: complete that copy first")

// OccupiedError says that the target holds users that no copy has put there.
type OccupiedError struct{ Users int }

func (e *OccupiedError) Error() string {
	return fmt.Sprintf("the target has users (%d) and is not the target of a copy: it is another deployment's, or a server has been "+
		"started on it since the copy, or it is the source under another name; fix: name an empty database", e.Users)
}

// OtherSourceError says that the target was begun from another source.
type OtherSourceError struct{ Begun, Named string }

func (e *OtherSourceError) Error() string {
	return fmt.Sprintf("the target is the target of a copy from %s, not from %s; fix: name that source, or an empty target", e.Begun, e.Named)
}

// DifferError says that the two sides are not the same after a copy.
type DifferError struct{ Differences int }

func (e *DifferError) Error() string {
	return fmt.Sprintf("the two sides differ in %d places after the copy: somebody works on one of them; fix: stop every server on "+
		"either side and run the same command again", e.Differences)
}

// SideError says on which side a database failed.
type SideError struct {
	Side string // "source" or "target"
	Err  error
}

func (e *SideError) Error() string { return e.Side + ": " + e.Err.Error() }
func (e *SideError) Unwrap() error { return e.Err }

func onSource(err error) error { return on("source", err) }
func onTarget(err error) error { return on("target", err) }

func on(side string, err error) error {
	if err == nil {
		return nil
	}
	return &SideError{side, err}
}
