package door

import (
	"errors"
	"net/http"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/fault"
	"github.com/mayfly-auth/mayfly/internal/session"
)

// LogoutScope says which sessions a sign-out ends.
type LogoutScope string

// The three scopes of a sign-out.
const (
	Local  LogoutScope = "local"  // this session
	Others LogoutScope = "others" // every other session of the user
	All    LogoutScope = "all"    // every session of the user, this one too
)

// Logout ends sessions by whatever credential the request has: a refresh token, as found in body or cookie, else an
// access token. One that is expired, revoked or garbage is no error: whoever wants out is out.
//
// A credential that could no longer buy anything still ends its own session, but no others: somebody with an old copy
// must not be able to sign a person out of their devices.
func (d *Door) Logout(r *http.Request, refreshToken string, scope LogoutScope) error {
	user, id, live, err := d.leaving(r, refreshToken)
	if err != nil || user == uuid.Nil {
		return err
	}
	if !live {
		scope = Local
	}
	d.Event(r, "signing out: "+string(scope), user, id)
	switch scope {
	case All:
		_, err = d.Sessions.EndAll(r.Context(), user, uuid.Nil, session.SignedOutEverywhere)
	case Others:
		_, err = d.Sessions.EndAll(r.Context(), user, id, session.SignedOutElsewhere)
	default:
		_, err = d.Sessions.End(r.Context(), user, id, session.SignedOut)
	}
	return err
}

// leaving finds the session that a request wants to leave; uuid.Nil when there is none to be found. live says whether
// the credential still proves it.
func (d *Door) leaving(r *http.Request, refreshToken string) (user, id uuid.UUID, live bool, err error) {
	if refreshToken != "" {
		rec, err := d.Sessions.Inspect(r.Context(), refreshToken)
		if err == nil {
			return rec.User, rec.ID, true, nil
		}
		if fault.IsUnavailable(err) { // not knowing is not the same as a dead credential, which would end its own session alone
			return uuid.Nil, uuid.Nil, false, err
		}
		rec, err = d.Sessions.Identify(r.Context(), refreshToken)
		if err == nil || !errors.Is(err, session.ErrInvalid) {
			return rec.User, rec.ID, false, err
		}
	}
	caller, err := d.Authenticate(r)
	if err == nil {
		return caller.User, caller.ID, true, nil
	}
	if fault.IsUnavailable(err) {
		return uuid.Nil, uuid.Nil, false, err
	}
	token, err := d.AccessToken(r)
	if err != nil || token == "" {
		return uuid.Nil, uuid.Nil, false, nil //nolint:nilerr // unreadable credentials are as good as none
	}
	user, id, err = d.Claimed(token)
	if err != nil {
		return uuid.Nil, uuid.Nil, false, nil //nolint:nilerr // garbage is as good as none
	}
	return user, id, false, nil
}
