package door

import (
	"net/http"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/session"
)

// Arrived is called after each sign-in, before its pair is delivered: it logs it, and ends the session whose refresh
// cookie the new one overwrites. Nobody could use that one any more, and a refresh of it still in flight must not bring its
// cookies back over the new ones (STD-97).
//
// The sign-in has happened; that the old session could not be ended is no reason to fail it. It ends by time.
func (d *Door) Arrived(r *http.Request, g session.Grant) {
	d.Event(r, "signed in", g.User, g.ID)
	if g.Delivery == session.Body { // sets no cookie
		return
	}
	token, err := d.RefreshCookie(r)
	if err != nil || token == "" {
		return
	}
	rec, err := d.Sessions.Identify(r.Context(), token)
	if err != nil {
		return
	}
	if _, err := d.Sessions.End(r.Context(), rec.User, rec.ID, session.Replaced); err != nil {
		d.Log.WarnContext(r.Context(), "replaced session not ended", "request_id", RequestID(r.Context()), "error", err)
	}
}

// Event logs what a person did with their account.
func (d *Door) Event(r *http.Request, what string, user, session uuid.UUID) {
	d.Log.InfoContext(r.Context(), what, "request_id", RequestID(r.Context()), "user", user, "session", session, "address", d.Address(r))
}
