package user

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// New returns a user that can be created, from what a person typed. The username may be empty. The error is an Invalid
// that names every bad field.
func New(email, username, name string, now time.Time) (User, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return User{}, fmt.Errorf("new user: %w", err)
	}
	now = now.Truncate(time.Millisecond) // what stores keep
	u := User{ID: id, CreatedAt: now, UpdatedAt: now}
	var bad Invalid
	u.Email = take(&bad, ParseEmail, email)
	u.Name = take(&bad, ParseName, name)
	if username != "" {
		u.Username = take(&bad, ParseUsername, username)
	}
	if len(bad) > 0 {
		return User{}, bad
	}
	return u, nil
}

// Parse returns the change as it is kept. The error is an Invalid that names every bad field.
func (c Change) Parse() (Change, error) {
	var bad Invalid
	var parsed Change
	if c.Email != nil {
		parsed.Email = new(take(&bad, ParseEmail, *c.Email))
	}
	if c.Username != nil && *c.Username == "" {
		parsed.Username = c.Username
	} else if c.Username != nil {
		parsed.Username = new(take(&bad, ParseUsername, *c.Username))
	}
	if c.Name != nil {
		parsed.Name = new(take(&bad, ParseName, *c.Name))
	}
	if c.Roles != nil {
		parsed.Roles = new(take(&bad, ParseRoles, *c.Roles))
	}
	if c.Metadata != nil {
		parsed.Metadata = new(take(&bad, ParseMetadata, *c.Metadata))
	}
	return parsed, bad.Err()
}

// take notes what a parser complains of.
func take[T any](bad *Invalid, parse func(T) (T, error), value T) T {
	kept, err := parse(value)
	var one *InvalidError
	if errors.As(err, &one) {
		*bad = append(*bad, one)
	}
	return kept
}
