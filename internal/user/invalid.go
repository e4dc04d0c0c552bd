package user

import (
	"errors"
	"strings"
)

// InvalidError says what is wrong with one field and how to put it right, each in one sentence that may be shown to
// the person who typed it. It never repeats the value.
type InvalidError struct {
	Field  string // as the field is called in JSON: "email", "username", "name", "roles", "metadata", ...
	Detail string // the cause
	Fix    string // what to do
}

func (e *InvalidError) Error() string { return "user: " + e.Field + ": " + e.Detail }

// Invalid is every bad field of one request, so that a person mends a form once. Find it with errors.As.
type Invalid []*InvalidError

func (e Invalid) Error() string {
	texts := make([]string, len(e))
	for i, one := range e {
		texts[i] = one.Error()
	}
	return strings.Join(texts, "; ")
}

// Collect takes up the bad fields of err and returns nil, or returns err if it is about something else.
func (e *Invalid) Collect(err error) error {
	var bad Invalid
	if !errors.As(err, &bad) {
		return err
	}
	*e = append(*e, bad...)
	return nil
}

// Err returns the list as an error, or nil when it is empty.
func (e Invalid) Err() error {
	if len(e) == 0 {
		return nil
	}
	return e
}
