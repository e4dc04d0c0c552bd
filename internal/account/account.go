package account

import (
	"errors"
	"time"

	"github.com/mayfly-auth/mayfly/internal/credential"
	"github.com/mayfly-auth/mayfly/internal/limit"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/user"
)

// ErrCredentials says that the identifier and the password do not belong together, and nothing else.
var ErrCredentials = errors.New("account: wrong credentials")

// The ways to prove who one is (RFC 8176 section 2).
const methodPassword = "pwd"

// Config is what Accounts needs.
type Config struct {
	Users       user.Store
	Credentials credential.Store
	Sessions    *session.Sessions
	Hasher      *credential.Hasher
	Policy      credential.Policy
	Limiter     *limit.Limiter
	Now         func() time.Time
}

// Accounts is what can be done with accounts. It is safe for concurrent use.
//
// Besides the errors that each use case names, every one may return *fault.Unavailable (a store or the queue for
// password hashing) and the error of a cancelled context.
type Accounts struct{ Config }

// New returns Accounts over its rooms.
func New(c Config) *Accounts { return &Accounts{Config: c} }

// now keeps to the precision of the stores.
func (a *Accounts) now() time.Time { return a.Now().Truncate(time.Millisecond) }

// about is what an attacker who knows the person would try first.
func about(u user.User) []string { return []string{u.Email, u.Username, u.Name} }
