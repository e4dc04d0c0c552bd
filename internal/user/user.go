// Package user owns people: who they are, how they are called, and whether they may come in.
//
// It says what a valid email, username and name is, and when two identifiers are the same. What a person knows or has
// (passwords, later passkeys) belongs to package credential, where they are signed in to package session.
package user

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// User is a person with an account.
type User struct {
	ID            uuid.UUID // version 7; never reassigned
	Email         string    // as the person wrote it, NFC
	EmailVerified bool
	Username      string // empty when there is none
	Name          string
	Roles         []string
	Metadata      json.RawMessage // a JSON object set by administrators only; nil when there is none
	// Epoch counts the events that end every session of the user at once: a changed password, "sign out everywhere",
	// disabling. A session lives only while it carries the same number.
	Epoch      int64
	CreatedAt  time.Time
	UpdatedAt  time.Time
	DisabledAt time.Time // zero while the user may sign in
}

// Disabled reports whether an administrator has shut the user out.
func (u User) Disabled() bool { return !u.DisabledAt.IsZero() }
