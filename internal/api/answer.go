package api

import (
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/user"
)

// userJSON is a user as everybody sees their own.
type userJSON struct {
	ID            string         `json:"id"`
	Email         string         `json:"email"`
	EmailVerified bool           `json:"email_verified"`
	Username      string         `json:"username,omitempty"`
	Name          string         `json:"name,omitempty"`
	Roles         []string       `json:"roles"`
	Metadata      jsontext.Value `json:"metadata,omitempty"`
	CreatedAt     time.Time      `json:"created_at"`
}

// limitsJSON is a session with its limits.
type limitsJSON struct {
	ID            string    `json:"id"`
	CreatedAt     time.Time `json:"created_at"`
	IdleExpiresAt time.Time `json:"idle_expires_at"`
	ExpiresAt     time.Time `json:"expires_at"`
}

// signedInJSON answers a sign-in and a refresh.
type signedInJSON struct {
	User            userJSON   `json:"user"`
	Session         limitsJSON `json:"session"`
	AccessExpiresIn int        `json:"access_expires_in"`
	ServerTime      time.Time  `json:"server_time"`
	AccessToken     string     `json:"access_token,omitempty"`
	TokenType       string     `json:"token_type,omitempty"`
	ExpiresIn       int        `json:"expires_in,omitzero"`
	RefreshToken    string     `json:"refresh_token,omitempty"`
}

func (a *API) signedIn(w http.ResponseWriter, status int, g session.Grant) error {
	out, err := a.Door.Deliver(w, g)
	if err != nil {
		return err
	}
	body := signedInJSON{
		User:            userView(g.Owner),
		Session:         a.limits(g.Session),
		AccessExpiresIn: int(out.ExpiresIn / time.Second),
		ServerTime:      utc(a.Door.Now()),
		AccessToken:     out.AccessToken,
		RefreshToken:    out.RefreshToken,
	}
	if out.AccessToken != "" {
		body.TokenType, body.ExpiresIn = "Bearer", body.AccessExpiresIn
	}
	return answer(w, status, &body)
}

func userView(u user.User) userJSON {
	view := userJSON{
		ID:            u.ID.String(),
		Email:         u.Email,
		EmailVerified: u.EmailVerified,
		Username:      u.Username,
		Name:          u.Name,
		Roles:         u.Roles,
		CreatedAt:     utc(u.CreatedAt),
	}
	if len(u.Metadata) > 0 {
		view.Metadata = jsontext.Value(u.Metadata)
	}
	return view
}

func (a *API) limits(s session.Session) limitsJSON {
	return limitsJSON{
		ID:            s.ID.String(),
		CreatedAt:     utc(s.CreatedAt),
		IdleExpiresAt: utc(a.Sessions.IdleExpiresAt(s)),
		ExpiresAt:     utc(s.ExpiresAt),
	}
}

func utc(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// answer sends one JSON value. The whole is made before the first byte leaves, so a failure can still be told.
func answer(w http.ResponseWriter, status int, body any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(raw) // a client that has gone is nobody's loss
	return nil
}
