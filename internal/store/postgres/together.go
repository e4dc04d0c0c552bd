package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

// part is one statement of a step, and what is done with its answer.
type part struct {
	text string
	args []any
	dest []any // where the columns of its one row go
	none error // what it means that there is no row
}

func query(text string, args ...any) part { return part{text: text, args: args} }

// into reads the one row of the answer. If there is none, nothing is read.
func (p part) into(dest ...any) part { p.dest = dest; return p }

// orElse fails the step with err if the statement has no row.
func (p part) orElse(err error) part { p.none = err; return p }

// together sends the parts in one message. They are one transaction, since nothing ends it between them: all are made or
// none. Each sees what was committed before it began.
//
// An error is that of the first part that failed; partError says which.
func together(ctx context.Context, c *pgx.Conn, parts ...part) error {
	var batch pgx.Batch
	for _, p := range parts {
		batch.Queue(p.text, p.args...)
	}
	answers := c.SendBatch(ctx, &batch)
	var missing error
	for i, p := range parts {
		n, err := p.read(answers)
		if err != nil {
			_ = answers.Close() // it repeats the error
			return &partError{i, err}
		}
		if n == 0 && missing == nil {
			missing = p.none
		}
	}
	// The transaction ends here, and only now is anything certain.
	if err := answers.Close(); err != nil {
		return err
	}
	return missing
}

func (p part) read(answers pgx.BatchResults) (int64, error) {
	if p.dest == nil {
		tag, err := answers.Exec()
		return tag.RowsAffected(), err
	}
	err := answers.QueryRow().Scan(p.dest...)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	return 1, err
}

// partError says which part of a step failed.
type partError struct {
	part int
	err  error
}

func (e *partError) Error() string { return e.err.Error() }
func (e *partError) Unwrap() error { return e.err }

// isTaken reports whether a part of a step failed because the key of its row belongs to another one.
func isTaken(err error, part int) bool {
	var failed *partError
	return errors.As(err, &failed) && failed.part == part && sqlState(err) == uniqueViolation
}
