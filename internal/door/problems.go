package door

import (
	"net/http"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
	"github.com/mayfly-auth/mayfly/internal/account"
	"github.com/mayfly-auth/mayfly/internal/credential"
	"github.com/mayfly-auth/mayfly/internal/fault"
	"github.com/mayfly-auth/mayfly/internal/limit"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/user"
)

// Problems returns what Translate has words for, an example of each, in the order of the reference: a code has several
// where its words depend on the reason.
func Problems() []Problem {
	problems := make([]Problem, len(samples))
	for i, err := range samples {
		problems[i] = Translate(err)
		problems[i].Title = http.StatusText(problems[i].Status)
	}
	return problems
}

var samples = []error{
	ErrTokenMissing, accesstoken.ErrExpired, accesstoken.ErrMalformed, ErrTokenRevoked,
	ErrRefreshMissing, session.ErrInvalid,
	ended(session.RefreshReused),
	ended(session.IdleExpired), ended(session.Expired),
	ended(session.SignedOut), ended(session.SignedOutElsewhere), ended(session.SignedOutEverywhere), ended(session.Replaced),
	ended(session.PasswordChanged), ended(session.EndedByAdmin),
	ended(session.UserDisabled),
	account.ErrCredentials, &limit.TooManyError{},
	&user.TakenError{Field: "email"},
	&credential.WeakError{
		Detail: "The new password is too short or easy to guess; `detail` says in which way.",
		Fix:    "Use a few words that do not belong together, or let a password manager make one.",
	},
	&RequestError{Status: http.StatusUnprocessableEntity, Faults: []FieldFault{{
		Detail: "Something in the request is missing, unknown or malformed; `errors` names all of it at once.",
		Fix:    "Correct each of the fields in `errors`.",
	}}},
	&RequestError{Status: http.StatusMethodNotAllowed, Faults: []FieldFault{{
		Detail: "The address does not take this method.",
		Fix:    "Use one of those in the header Allow.",
	}}},
	ErrCrossOrigin, ErrNotFound, &fault.Unavailable{}, errPanic,
}

func ended(reason session.Reason) error { return &session.EndedError{Reason: reason} }
