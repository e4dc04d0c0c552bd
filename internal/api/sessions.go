package api

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/door"
	"github.com/mayfly-auth/mayfly/internal/session"
)

// sessionJSON is one row of a person's list of devices.
type sessionJSON struct {
	limitsJSON
	Device     string         `json:"device"`
	UserAgent  string         `json:"user_agent"`
	Address    string         `json:"address"`
	LastUsedAt time.Time      `json:"last_used_at"`
	Current    bool           `json:"current"`
	EndedAt    *time.Time     `json:"ended_at,omitempty"`
	EndReason  session.Reason `json:"end_reason,omitempty"`
}

func (a *API) listSessions(w http.ResponseWriter, r *http.Request) error {
	caller, err := a.Door.Authenticate(r)
	if err != nil {
		return err
	}
	ended, err := query(r, "ended", "false", "true")
	if err != nil {
		return err
	}
	sessions, err := a.Sessions.List(r.Context(), caller.Owner, ended == "true")
	if err != nil {
		return err
	}
	rows := make([]sessionJSON, len(sessions))
	for i, s := range sessions {
		rows[i] = a.sessionView(s, caller.ID)
	}
	door.NoStore(w)
	return answer(w, http.StatusOK, map[string]any{"sessions": rows})
}

func (a *API) sessionView(s session.Session, current uuid.UUID) sessionJSON {
	row := sessionJSON{
		limitsJSON: a.limits(s),
		Device:     s.Device.Name(),
		UserAgent:  s.Device.UserAgent,
		LastUsedAt: utc(s.RotatedAt),
		Current:    s.ID == current,
		EndReason:  s.EndReason,
	}
	if s.Device.Address.IsValid() {
		row.Address = s.Device.Address.String()
	}
	if !s.EndedAt.IsZero() {
		at := utc(s.EndedAt)
		row.EndedAt = &at
	}
	return row
}

func (a *API) endSession(w http.ResponseWriter, r *http.Request) error {
	caller, err := a.Door.Authenticate(r)
	if err != nil {
		return err
	}
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		return door.ErrNotFound
	}
	reason := session.SignedOutElsewhere
	if id == caller.ID {
		reason = session.SignedOut
	}
	// Only the caller's own: somebody else's id is as unknown as one that never was.
	ended, err := a.Sessions.End(r.Context(), caller.User, id, reason)
	if err != nil {
		return err
	}
	if !ended {
		return door.ErrNotFound
	}
	if id == caller.ID {
		a.Door.ClearCookies(w)
	}
	door.NoStore(w)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *API) endOtherSessions(w http.ResponseWriter, r *http.Request) error {
	caller, err := a.Door.Authenticate(r)
	if err != nil {
		return err
	}
	keep, err := query(r, "keep", "", "current")
	if err != nil {
		return err
	}
	if keep == "" {
		return &door.RequestError{Status: http.StatusBadRequest, Faults: []door.FieldFault{{
			Field:  "keep",
			Detail: "The parameter `keep` is missing.",
			Fix:    "Use `?keep=current` to end the other sessions; POST /v1/logout?scope=all ends this one too.",
		}}}
	}
	if _, err := a.Sessions.EndAll(r.Context(), caller.User, caller.ID, session.SignedOutElsewhere); err != nil {
		return err
	}
	door.NoStore(w)
	w.WriteHeader(http.StatusNoContent)
	return nil
}
