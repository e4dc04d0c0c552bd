package sqlite

import (
	"database/sql/driver"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"
)

// row is one row that a query found. Its columns are read one after the other, in their order. NULL reads as the zero
// value. What cannot be read fails the query, so that whoever reads need not look after each column.
type row struct {
	values []driver.Value
	at     int // the next column
	err    error
}

// next returns the next column as the driver gives it.
func (r *row) next() driver.Value {
	if r.at == len(r.values) {
		r.fail(fmt.Errorf("there are %d columns", r.at))
		return nil
	}
	r.at++
	return r.values[r.at-1]
}

// fail keeps the first reason for which the row cannot be read.
func (r *row) fail(err error) {
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("sqlite: column %d: %w", r.at, err)
	}
}

// bare makes columns that have no name and no declared type: the driver copies both, for every column of every query,
// and here nobody asks for them.
func bare(columns string) string {
	return "+" + strings.ReplaceAll(columns, ",", ` "",+`) + ` ""`
}

func column[T driver.Value](r *row) T {
	value := r.next()
	v, ok := value.(T)
	if !ok && value != nil {
		r.fail(fmt.Errorf("a %T in place of a %T", value, v))
	}
	return v
}

func (r *row) integer() int64 { return column[int64](r) }
func (r *row) text() string   { return column[string](r) }
func (r *row) blob() []byte   { return column[[]byte](r) }
func (r *row) flag() bool     { return r.integer() != 0 }

// fixed reads a blob of exactly the length of into.
func (r *row) fixed(into []byte) {
	if b := r.blob(); copy(into, b) != len(into) || len(b) != len(into) {
		r.fail(fmt.Errorf("%d bytes in place of %d", len(b), len(into)))
	}
}

func (r *row) id() (id uuid.UUID) {
	r.fixed(id[:])
	return id
}

func (r *row) time() time.Time {
	if r.at < len(r.values) && r.values[r.at] == nil {
		r.at++
		return time.Time{}
	}
	return fromMillis(r.integer())
}

func (r *row) words() []string {
	text := r.text()
	if text == "" { // NULL: an empty list has its brackets
		return nil
	}
	list, err := fromWords(text)
	r.fail(err)
	return list
}

func (r *row) address() (a netip.Addr) {
	r.fail(a.UnmarshalBinary(r.blob()))
	return a
}
