package session

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/user"
)

// SeedSize is the length in bytes of the random secret each session's proofs are made with.
const SeedSize = 32

// Session is one signed-in device of one user. It keeps its ID across every rotation.
type Session struct {
	User uuid.UUID
	ID   uuid.UUID // version 7
	Seed [SeedSize]byte
	Lineage
	// Epoch is the user's epoch at sign-in. When the two differ the session is over.
	Epoch     int64
	Delivery  Delivery
	AMR       []string // how the person proved who they are: "pwd", ... (RFC 8176)
	Device    Device
	CreatedAt time.Time
	ExpiresAt time.Time // the absolute limit, fixed at sign-in
	EndedAt   time.Time // zero while the session has not been ended early
	EndReason Reason    // why, when EndedAt is set
}

// Format writes the ids and nothing else, for every verb, and for what embeds a session too: whoever has the seed can
// make half a token, whoever has a Grant has a whole one, and neither belongs in a log.
func (s Session) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "session %s of user %s", s.ID, s.User)
}

// Record is what one read of a session gives: the session and its user at the same moment.
type Record struct {
	Session
	Owner user.User
}

// Delivery says how tokens travel to this session's device.
type Delivery string

// The three deliveries.
const (
	Cookie Delivery = "cookie" // both in HttpOnly cookies
	Hybrid Delivery = "hybrid" // refresh token in a cookie, access token in JSON
	Body   Delivery = "body"   // both in JSON
)

// Reason says why a session ended. It is shown to people and to programs, so the values are fixed.
type Reason string

// Every way in which a session can end.
const (
	SignedOut           Reason = "signed_out"            // on this device
	SignedOutElsewhere  Reason = "signed_out_elsewhere"  // from another device's list of sessions
	SignedOutEverywhere Reason = "signed_out_everywhere" // all at once
	Replaced            Reason = "replaced"              // by a new sign-in on the same device
	PasswordChanged     Reason = "password_changed"
	UserDisabled        Reason = "user_disabled"
	EndedByAdmin        Reason = "ended_by_administrator"
	RefreshReused       Reason = "refresh_reused" // a copied refresh token was used
	IdleExpired         Reason = "idle_expired"   // not used for the idle timeout
	Expired             Reason = "expired"        // the absolute limit
)

// EndedError says that the session is over for good, and why.
type EndedError struct{ Reason Reason }

func (e *EndedError) Error() string { return "session: ended: " + string(e.Reason) }
