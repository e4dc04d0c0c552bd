package door

import (
	"cmp"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/user"
)

// Problem is a failure as the outside is told: RFC 9457, with a stable code, the cause and the fix in a sentence each.
type Problem struct {
	Type         string       `json:"type"`
	Title        string       `json:"title"`
	Status       int          `json:"status"`
	Code         string       `json:"code"`
	Detail       string       `json:"detail"`
	Fix          string       `json:"fix,omitempty"`
	RequestID    string       `json:"request_id"`
	SessionEnded bool         `json:"session_ended,omitzero"`
	Reason       string       `json:"reason,omitempty"` // why the session ended, in the words of its history
	Errors       []FieldFault `json:"errors,omitempty"`

	retryAfter time.Duration
	challenge  string // WWW-Authenticate
}

// FieldFault is what is wrong with one part of a request.
type FieldFault struct {
	Field  string `json:"field"`
	Detail string `json:"detail"`
	Fix    string `json:"fix,omitempty"`
}

// RequestError says what is wrong with a request, all of it at once.
type RequestError struct {
	Status int // 400, 405, 413, 415 or 422
	Faults []FieldFault
}

func (e *RequestError) Error() string {
	text := "invalid request"
	for _, f := range e.Faults {
		text += "; " + f.Field + ": " + f.Detail
	}
	return text
}

// Fail answers with the problem that err is, and logs what an operator must know of it.
func (d *Door) Fail(w http.ResponseWriter, r *http.Request, err error) {
	p := Translate(err)
	d.report(r, p, err)
	h := w.Header()
	if p.retryAfter > 0 {
		h.Set("Retry-After", seconds(p.retryAfter))
	}
	if p.Status == http.StatusUnauthorized { // which must not come without: RFC 9110 section 15.5.2
		h.Set("WWW-Authenticate", cmp.Or(p.challenge, "Bearer"))
	}
	p.Type = d.PublicURL.JoinPath("docs").String() + "#" + p.Code
	p.Title = http.StatusText(p.Status)
	p.RequestID = RequestID(r.Context())
	NoStore(w)
	h.Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.MarshalWrite(w, p) // a client that has gone is nobody's loss
}

// ClearDead takes the pair from the browser if err says that the session of its refresh cookie is over. When this very
// device signed out or signed in anew, its cookies are already right, and a late answer must not take away what came
// after (see Replace). An error about a token from elsewhere is none of the cookies' business.
func (d *Door) ClearDead(w http.ResponseWriter, err error) {
	p := Translate(err)
	if p.SessionEnded && p.Reason != string(session.SignedOut) && p.Reason != string(session.Replaced) {
		d.ClearCookies(w)
	}
}

// seconds rounds up: a client that waits as told must not come too early.
func seconds(d time.Duration) string { return strconv.Itoa(int(math.Ceil(d.Seconds()))) }

// Translate puts an error of any room into words for the outside. What it does not know is "internal", and its text
// stays inside.
func Translate(err error) Problem {
	for _, known := range translations {
		if errors.Is(err, known.err) {
			return known.problem
		}
	}
	return translateTyped(err)
}

const invalidToken = `Bearer error="invalid_token", error_description=`

var translations = []struct {
	err     error
	problem Problem
}{
	{ErrTokenMissing, Problem{
		Status: 401, Code: "token_missing", // its challenge has no error code, as no credentials came: RFC 6750 section 3.1
		Detail: "The request has no access token.",
		Fix:    "Sign in, then send the access cookie or `Authorization: Bearer <access token>`.",
	}},
	{accesstoken.ErrExpired, Problem{
		Status: 401, Code: "token_expired", challenge: invalidToken + `"expired"`,
		Detail: "The access token has expired, as it should after some minutes.",
		Fix:    "POST /v1/refresh, then send this request once more with the new access token.",
	}},
	{ErrTokenRevoked, Problem{
		Status: 401, Code: "token_revoked", challenge: invalidToken + `"revoked"`,
		Detail: "The session of this access token has ended.",
		Fix:    "POST /v1/refresh tells why it ended; then sign in again.",
	}},
	{user.ErrNotFound, Problem{ // deleted between the look at the token and the step it was for
		Status: 401, Code: "token_revoked", challenge: invalidToken + `"revoked"`,
		Detail: "The user of this access token is gone.",
		Fix:    "Sign in again.",
	}},
	{ErrDisabled, Problem{
		Status: 401, Code: "user_disabled",
		Detail: "The account has been disabled.",
		Fix:    "Ask an administrator.",
	}},
	{ErrRefreshMissing, Problem{
		Status: 401, Code: "refresh_missing",
		Detail: "The request has no refresh token: neither the refresh cookie nor `refresh_token` in the body.",
		Fix:    "In a browser, call with `credentials: \"include\"`; elsewhere send {\"refresh_token\": \"mfr_…\"}. With neither at hand, sign in.",
	}},
	{session.ErrInvalid, Problem{
		Status: 401, Code: "refresh_invalid", SessionEnded: true,
		Detail: "The refresh token is not one of this server's, or its session is no longer kept.",
		Fix:    "Sign in again.",
	}},
	{ErrCrossOrigin, Problem{
		Status: 403, Code: "cross_origin_refused",
		Detail: "The request changes something and was sent by a page of another origin.",
		Fix:    "Call from the origin of public_url, or add the page's origin to allowed_origins.",
	}},
	{ErrNotFound, Problem{
		Status: 404, Code: "not_found",
		Detail: "There is nothing at this address, or it is not yours.",
	}},
}

// Failures that no room below has a word for.
var (
	// ErrNotFound says that there is nothing here, or nothing for this caller.
	ErrNotFound = errors.New("not found")
	// ErrDisabled refuses a sign-in. Unlike session.EndedError it ends nothing: somebody else may be signed in here.
	ErrDisabled = errors.New("user disabled")
)
