package door

import (
	"errors"
	"net/http"
	"time"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
	"github.com/mayfly-auth/mayfly/internal/account"
	"github.com/mayfly-auth/mayfly/internal/credential"
	"github.com/mayfly-auth/mayfly/internal/fault"
	"github.com/mayfly-auth/mayfly/internal/limit"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/user"
)

// translateTyped puts the errors that carry data into words.
func translateTyped(err error) Problem {
	var (
		ended   *session.EndedError
		request *RequestError
		invalid user.Invalid
		taken   *user.TakenError
		weak    *credential.WeakError
		tooMany *limit.TooManyError
	)
	switch {
	case errors.As(err, &ended):
		return endedProblem(ended.Reason)
	case errors.As(err, &request):
		return requestProblem(request.Status, request.Faults)
	case errors.As(err, &invalid):
		faults := make([]FieldFault, len(invalid))
		for i, f := range invalid {
			faults[i] = FieldFault{Field: f.Field, Detail: f.Detail, Fix: f.Fix}
		}
		if errors.As(err, &weak) { // a registration names everything at once
			faults = append(faults, FieldFault{Field: "password", Detail: weak.Detail, Fix: weak.Fix})
		}
		return requestProblem(http.StatusUnprocessableEntity, faults)
	case errors.As(err, &taken):
		return Problem{
			Status: 409, Code: "identifier_taken",
			Detail: "Somebody already has this " + taken.Field + ".",
			Fix:    "Sign in instead, or choose another " + taken.Field + ".",
			Errors: []FieldFault{{Field: taken.Field, Detail: "Already taken."}},
		}
	case errors.As(err, &weak):
		return Problem{Status: 422, Code: "password_weak", Detail: weak.Detail, Fix: weak.Fix}
	case errors.As(err, &tooMany):
		return Problem{
			Status: 429, Code: "too_many_attempts", retryAfter: max(tooMany.RetryAfter, time.Second),
			Detail: "There were too many failed attempts.",
			Fix:    "Wait for the seconds in Retry-After, then try again.",
		}
	case errors.Is(err, account.ErrCredentials):
		return Problem{
			Status: 401, Code: "credentials_invalid",
			Detail: "The identifier or the password is wrong.",
			Fix:    "Check both and try again.",
		}
	case isTokenError(err):
		return Problem{
			Status: 401, Code: "token_invalid", challenge: invalidToken + `"invalid"`,
			Detail: "The access token is not one that this server issued and still accepts.",
			Fix:    "POST /v1/refresh for a new one, or sign in.",
		}
	case fault.IsUnavailable(err):
		return Problem{
			Status: 503, Code: "unavailable", retryAfter: 2 * time.Second,
			Detail: "The server cannot answer at the moment; nothing was lost and the session goes on.",
			Fix:    "Try again after the seconds in Retry-After.",
		}
	}
	return Problem{
		Status: 500, Code: "internal",
		Detail: "Something went wrong inside the server.",
		Fix:    "Try again; if it stays, give the operator the request_id.",
	}
}

func isTokenError(err error) bool {
	for _, known := range []error{
		accesstoken.ErrMalformed, accesstoken.ErrSignature, accesstoken.ErrWrongIssuer, accesstoken.ErrWrongAudience,
		accesstoken.ErrWrongType, accesstoken.ErrNotYetValid, accesstoken.ErrUnknownKey,
	} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

func requestProblem(status int, faults []FieldFault) Problem {
	p := Problem{Status: status, Code: "request_invalid", Detail: "The request cannot be understood.", Errors: faults}
	if len(faults) > 0 {
		p.Detail, p.Fix = faults[0].Detail, faults[0].Fix
	}
	if len(faults) > 1 {
		p.Detail, p.Fix = "Several fields are wrong.", "Correct each of the fields in `errors`."
	}
	return p
}

// endedProblem has a code for each kind of end, and the reason of the session's history besides.
func endedProblem(reason session.Reason) Problem {
	p := Problem{Status: 401, SessionEnded: true, Reason: string(reason), Code: "session_revoked", Fix: "Sign in again."}
	switch reason {
	case session.RefreshReused:
		p.Code = "refresh_reused"
		p.Detail = "A refresh token of this session was used twice, far apart: somebody copied one, so the session was ended for everyone who holds it."
		p.Fix = "Sign in again; if it happens again, change the password."
	case session.IdleExpired:
		p.Code, p.Detail = "session_expired", "The session was not used for longer than the idle timeout."
	case session.Expired:
		p.Code, p.Detail = "session_expired", "The session reached its greatest age."
	case session.UserDisabled:
		p.Code, p.Detail = "user_disabled", "The account has been disabled."
		p.Fix = "Ask an administrator."
	case session.PasswordChanged:
		p.Detail = "The password was changed, which ended this session."
	case session.SignedOut:
		p.Detail = "This device was signed out."
	case session.SignedOutElsewhere:
		p.Detail = "The session was ended from another device."
	case session.SignedOutEverywhere:
		p.Detail = "The user signed out everywhere."
	case session.EndedByAdmin:
		p.Detail = "An administrator ended the session."
	case session.Replaced:
		p.Detail = "A new sign-in on this device took the session's place."
	default:
		p.Detail = "The session was ended."
	}
	return p
}
