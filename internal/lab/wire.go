package lab

import (
	"mime"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/mayfly-auth/mayfly/internal/door"
	"github.com/mayfly-auth/mayfly/internal/keyset"
	"github.com/mayfly-auth/mayfly/internal/session"
)

// viewJSON is a View as the page gets it.
type viewJSON struct {
	Now      time.Time `json:"now"`
	Sessions []rowJSON `json:"sessions"`
	Keys     []keyJSON `json:"keys"`
}

// rowJSON is what a session's row holds. The seed stays where it is: with it, half a token could be made.
type rowJSON struct {
	ID            string         `json:"id"`
	User          string         `json:"user"`
	Generation    uint32         `json:"generation"`
	Parent        uint32         `json:"parent"`
	RotatedAt     time.Time      `json:"rotated_at"`
	CreatedAt     time.Time      `json:"created_at"`
	IdleExpiresAt time.Time      `json:"idle_expires_at"`
	ExpiresAt     time.Time      `json:"expires_at"`
	EndedAt       *time.Time     `json:"ended_at,omitempty"`
	EndReason     session.Reason `json:"end_reason,omitempty"`
}

type keyJSON struct {
	ID      string       `json:"id"`
	State   keyset.State `json:"state"`
	SignsAt time.Time    `json:"signs_at"`
}

func show(v View) viewJSON {
	out := viewJSON{Now: utc(v.Now), Sessions: []rowJSON{}, Keys: []keyJSON{}}
	for _, row := range v.Sessions {
		one := rowJSON{
			ID: row.ID.String(), User: row.User.String(),
			Generation: row.Generation, Parent: row.Parent, RotatedAt: utc(row.RotatedAt),
			CreatedAt: utc(row.CreatedAt), IdleExpiresAt: utc(row.IdleExpiresAt), ExpiresAt: utc(row.ExpiresAt),
			EndReason: row.EndReason,
		}
		if !row.EndedAt.IsZero() {
			at := utc(row.EndedAt)
			one.EndedAt = &at
		}
		out.Sessions = append(out.Sessions, one)
	}
	for _, key := range v.Keys {
		out.Keys = append(out.Keys, keyJSON{ID: key.ID, State: key.State, SignsAt: utc(key.SignsAt)})
	}
	return out
}

func utc(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// read takes the JSON object of a request. A type of content that a form can send is refused (STD-87).
func read(w http.ResponseWriter, r *http.Request, into any) error {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		return bodyError(http.StatusUnsupportedMediaType, "The body is not declared as JSON.", "Send the header `Content-Type: application/json`.")
	}
	body := http.MaxBytesReader(w, r.Body, longestBody)
	if err := json.UnmarshalRead(body, into, json.RejectUnknownMembers(true)); err != nil {
		return bodyError(http.StatusBadRequest, "The body is not the JSON object that this call takes.", "Send what the page of the Lab sends.")
	}
	return nil
}

func bodyError(status int, detail, fix string) error {
	return &door.RequestError{Status: status, Faults: []door.FieldFault{{Field: "body", Detail: detail, Fix: fix}}}
}

// answer sends one JSON value. The whole is made before the first byte leaves, so a failure can still be told.
func answer(w http.ResponseWriter, status int, body any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	door.NoStore(w)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(raw) // a page that has gone is nobody's loss
	return nil
}

// done answers a call that has nothing to tell but whether it worked.
func done(w http.ResponseWriter, err error) error {
	if err != nil {
		return err
	}
	door.NoStore(w)
	w.WriteHeader(http.StatusNoContent)
	return nil
}
