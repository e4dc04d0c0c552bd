package mayfly

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
)

// Claims are what a verified access token states. The profile (Email to Roles) is as it was when the token was made,
// some minutes ago at most; what the issuer left out is empty.
//
// They belong to the caller, but the elements of Roles are shared with every request that carries the same token: read
// them, do not write to them.
type Claims struct {
	Subject  string // the user's id: the one name of a person that never changes
	Session  string // id of the session, that is of the device
	ClientID string
	ID       string // of this token
	Scope    string // space-separated

	Email         string
	EmailVerified bool
	Username      string
	Name          string
	Roles         []string

	AuthTime  time.Time // when the person signed in; zero if the token does not say
	IssuedAt  time.Time
	ExpiresAt time.Time

	all map[string]json.RawMessage
}

func newClaims(c accesstoken.Claims) *Claims {
	return &Claims{
		Subject:       c.Subject,
		Session:       c.Session,
		ClientID:      c.ClientID,
		ID:            c.ID,
		Scope:         c.Scope,
		Email:         c.Email,
		EmailVerified: c.EmailVerified,
		Username:      c.Username,
		Name:          c.Name,
		Roles:         slices.Clip(c.Roles), // append makes a copy instead of writing behind the shared end
		AuthTime:      c.AuthTime,
		IssuedAt:      c.IssuedAt,
		ExpiresAt:     c.ExpiresAt,
		all:           c.All,
	}
}

// HasRole reports whether the user has the role.
func (c *Claims) HasRole(role string) bool { return slices.Contains(c.Roles, role) }

// Decode reads the claim of this name into what into points to, as [json.Unmarshal] does. That is how claims are read
// that the operator of Mayfly renamed or added. A token without it gives ErrClaimMissing and leaves into alone.
func (c *Claims) Decode(name string, into any) error {
	value, ok := c.all[name]
	if !ok {
		return fmt.Errorf("%w: %q", ErrClaimMissing, name)
	}
	if err := json.Unmarshal(value, into); err != nil {
		return fmt.Errorf("mayfly: claim %q: %w", name, err)
	}
	return nil
}

type contextKey struct{}

// NewContext returns a context that carries the claims. The middleware does this; it is exported for tests of handlers
// and for other kinds of servers.
func NewContext(ctx context.Context, c *Claims) context.Context {
	return context.WithValue(ctx, contextKey{}, c)
}

// FromContext returns the claims of the request that the context belongs to; false says that nobody is signed in.
func FromContext(ctx context.Context) (*Claims, bool) {
	c, ok := ctx.Value(contextKey{}).(*Claims)
	return c, ok && c != nil
}
