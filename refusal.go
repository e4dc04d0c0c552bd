package mayfly

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
)

// refusal is what a client is told: RFC 9457, with a stable code, the cause and the fix.
type refusal struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
	Fix    string `json:"fix"`

	challenge string // WWW-Authenticate
}

var (
	// A request without credentials gets no error code: RFC 6750 section 3.1.
	refusedMissing = refusal{
		Status: 401, Code: "token_missing", challenge: "Bearer",
		Detail: "The request has no access token.",
		Fix:    "Sign in, then send the access cookie or `Authorization: Bearer <access token>`.",
	}
	refusedExpired = refusal{
		Status: 401, Code: "token_expired", challenge: `Bearer error="invalid_token", error_description="expired"`,
		Detail: "The access token has expired, as it should after some minutes.",
		Fix:    "Refresh, then send this request once more with the new access token.",
	}
	refusedInvalid = refusal{
		Status: 401, Code: "token_invalid", challenge: `Bearer error="invalid_token", error_description="invalid"`,
		Detail: "The access token is not one that this server accepts.",
		Fix:    "Refresh for a new one, or sign in.",
	}
	refusedRevoked = refusal{
		Status: 401, Code: "token_revoked", challenge: `Bearer error="invalid_token", error_description="revoked"`,
		Detail: "The session of this access token has ended.",
		Fix:    "Refresh, which tells why it ended; then sign in again.",
	}
	refusedAmbiguous = refusal{
		Status: 400, Code: "request_invalid", challenge: `Bearer error="invalid_request"`,
		Detail: "The request has more than one Authorization header, or two different access cookies.",
		Fix:    "Send one. In a browser, clear the cookies of this site and of its parent domains, then sign in again.",
	}
	refusedCrossOrigin = refusal{
		Status: 403, Code: "cross_origin_refused",
		Detail: "The request changes something and was sent by a page of another origin.",
		Fix:    "Call from a page of this origin, or add the page's origin to VerifierConfig.AllowedOrigins.",
	}
	refusedUnavailable = refusal{
		Status: 503, Code: "unavailable",
		Detail: "This server can not get the keys to check access tokens with; the token may well be good.",
		Fix:    "Try again after the seconds in Retry-After.",
	}
	refusedUnknown = refusal{
		Status: 503, Code: "unavailable",
		Detail: "This server can not tell at the moment whether the session goes on; the token may well be good.",
		Fix:    "Try again after the seconds in Retry-After.",
	}
)

// refusalOf translates an error of Authenticate.
func refusalOf(err error) refusal {
	switch {
	case errors.Is(err, ErrTokenMissing):
		return refusedMissing
	case errors.Is(err, ErrTokenExpired):
		return refusedExpired
	case errors.Is(err, ErrTokenRevoked):
		return refusedRevoked
	case errors.Is(err, ErrTokenAmbiguous):
		return refusedAmbiguous
	case errors.Is(err, ErrCrossOrigin):
		return refusedCrossOrigin
	case errors.Is(err, ErrKeysUnavailable):
		return refusedUnavailable
	case errors.Is(err, ErrRevocationsUnknown):
		return refusedUnknown
	}
	r := refusedInvalid
	switch { // the two that are nearly always a setting, so that it is found without a log
	case errors.Is(err, accesstoken.ErrWrongAudience):
		r.Detail = "The access token was made for another audience."
		r.Fix = "Set VerifierConfig.Audience of this server to what the tokens have in aud."
	case errors.Is(err, accesstoken.ErrWrongIssuer):
		r.Detail = "The access token is from another issuer."
		r.Fix = "Set VerifierConfig.Issuer of this server to the public URL of Mayfly, letter by letter."
	}
	return r
}

// refuse answers a request that must not go on. The reason inside err is for logs and stays here.
func (v *Verifier) refuse(w http.ResponseWriter, err error) {
	r := refusalOf(err)
	r.Type = trimSlash(v.issuer) + "/docs#" + r.Code
	r.Title = http.StatusText(r.Status)
	h := w.Header()
	if r.challenge != "" {
		h.Set("WWW-Authenticate", r.challenge)
	}
	if r.Status == http.StatusServiceUnavailable {
		wait := firstPause
		if unavailable := new(keysError); errors.As(err, &unavailable) {
			wait = unavailable.retryAfter
		}
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(max(wait, time.Second).Seconds()))))
	}
	h.Set("Cache-Control", "private, no-store")
	h.Set("Content-Type", "application/problem+json")
	body, err := json.Marshal(r)
	if err != nil {
		panic(err) // strings and a number always encode
	}
	w.WriteHeader(r.Status)
	_, _ = w.Write(body) // a client that has gone is nobody's loss
}
