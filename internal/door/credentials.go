package door

import (
	"errors"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
	"github.com/mayfly-auth/mayfly/internal/session"
)

// Failures of credentials that no room below has a word for.
var (
	ErrTokenMissing   = errors.New("no access token")
	ErrRefreshMissing = errors.New("no refresh token")
	ErrTokenRevoked   = errors.New("the session of the access token is over")
)

// Caller is who a request speaks for.
type Caller struct {
	session.Record
	Token accesstoken.Claims
}

// AccessToken returns the access token of a request, "" if it has none. An Authorization header comes first, because
// the program wrote it on purpose and the browser adds the cookie by itself. A bad header never falls back to the cookie.
func (d *Door) AccessToken(r *http.Request) (string, error) {
	switch headers := r.Header.Values("Authorization"); {
	case len(headers) > 1:
		return "", &RequestError{Status: http.StatusBadRequest, Faults: []FieldFault{{
			Field:  "header Authorization",
			Detail: "The request has more than one Authorization header.",
			Fix:    "Send one.",
		}}}
	case len(headers) == 1:
		scheme, token, _ := strings.Cut(headers[0], " ")
		if !strings.EqualFold(scheme, "Bearer") { // RFC 9110 section 11.1: schemes are case-insensitive
			return "", ErrTokenMissing
		}
		return strings.TrimLeft(token, " "), nil
	}
	return cookie(r, d.Cookies.Access)
}

// RefreshCookie returns the refresh token of the cookie, "" if there is none.
func (d *Door) RefreshCookie(r *http.Request) (string, error) { return cookie(r, d.Cookies.Refresh) }

// Authenticate returns who a request speaks for: its access token must be good and its session live, so that on this
// server signing out ends the access token at once.
func (d *Door) Authenticate(r *http.Request) (Caller, error) {
	token, err := d.AccessToken(r)
	if err != nil {
		return Caller{}, err
	}
	if token == "" {
		return Caller{}, ErrTokenMissing
	}
	claims, err := d.Tokens.Verify(token)
	if err != nil {
		return Caller{}, err
	}
	user, id, err := claimed(claims)
	if err != nil {
		return Caller{}, err
	}
	rec, err := d.Sessions.Live(r.Context(), user, id)
	var ended *session.EndedError
	switch {
	case errors.Is(err, session.ErrNotFound), errors.As(err, &ended):
		return Caller{}, ErrTokenRevoked
	case err != nil:
		return Caller{}, err
	}
	return Caller{Record: rec, Token: claims}, nil
}

// Claimed returns the user and the session that an access token names, also when it has expired: that is enough to sign
// the session out. The signature must be right.
func (d *Door) Claimed(token string) (user, id uuid.UUID, err error) {
	claims, err := d.Tokens.Verify(token)
	if err != nil && !errors.Is(err, accesstoken.ErrExpired) {
		return uuid.Nil, uuid.Nil, err
	}
	return claimed(claims)
}

func claimed(c accesstoken.Claims) (user, id uuid.UUID, err error) {
	user, errUser := uuid.Parse(c.Subject)
	id, errSession := uuid.Parse(c.Session)
	if errUser != nil || errSession != nil {
		return uuid.Nil, uuid.Nil, accesstoken.ErrMalformed
	}
	return user, id, nil
}
