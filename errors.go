package mayfly

import (
	"errors"
	"time"
)

// What a server that checks access tokens can act on.
var (
	// ErrTokenMissing says that a request carries no access token: its sender is nobody yet.
	ErrTokenMissing = errors.New("mayfly: no access token")
	// ErrTokenExpired says that an access token was good and has run out, as each does after some minutes. The client
	// refreshes and sends the request once more.
	ErrTokenExpired = errors.New("mayfly: the access token has expired")
	// ErrTokenInvalid says that an access token is not to be believed. The text of the error that wraps it has the
	// reason, for a log.
	ErrTokenInvalid = errors.New("mayfly: the access token is not valid")
	// ErrTokenRevoked says that the session of an access token was ended before its time: signed out, disabled, the
	// password changed. The client's next refresh says which of these. Only a verifier that follows the revocation feed
	// can tell.
	ErrTokenRevoked = errors.New("mayfly: the session of the access token has ended")
	// ErrRevocationsUnknown says that the revocation feed is down, so that the session of a token may have ended, and
	// that RefuseWhenDown is set. The token may be good: answer 503, never 401.
	ErrRevocationsUnknown = errors.New("mayfly: it can not be told whether the session goes on")
	// ErrTokenAmbiguous says that a request carries several tokens in one place, and nothing tells whose request it is.
	ErrTokenAmbiguous = errors.New("mayfly: the request carries more than one access token")
	// ErrCrossOrigin says that a page of another origin sent a request that changes something, with the cookie that the
	// browser adds by itself.
	ErrCrossOrigin = errors.New("mayfly: cross-origin request refused")
	// ErrKeysUnavailable says that a token could not be judged, because the issuer's keys can not be had at the moment.
	// The token may be good: answer 503, never 401.
	ErrKeysUnavailable = errors.New("mayfly: the issuer's keys can not be had")
	// ErrClaimMissing is what [Claims.Decode] returns for a claim that the token does not have.
	ErrClaimMissing = errors.New("mayfly: the access token has no such claim")
)

// What a client can act on. Where the server gave the reason, the error also wraps a [*Problem].
var (
	// ErrSignedOut says that there is no session: it has ended, or there never was one. Ask the person to sign in.
	ErrSignedOut = errors.New("mayfly: signed out")
	// ErrUnavailable says that no access token can be had right now: the network, Mayfly or the storage failed. The
	// session goes on; try again later.
	ErrUnavailable = errors.New("mayfly: no access token can be had at the moment")
	// ErrBodyConsumed says that a request has to be sent again with a new access token, and its body can only be read
	// once. Set [net/http.Request.GetBody]; [net/http.NewRequest] does for a bytes.Reader, bytes.Buffer or
	// strings.Reader. An access token has been fetched, so the next request goes through.
	ErrBodyConsumed = errors.New("mayfly: the body of the request can not be sent a second time")
)

// Problem is what Mayfly answers where it refuses: RFC 9457 with the members that Mayfly adds.
type Problem struct {
	Status    int    // of the answer
	Code      string // stable: credentials_invalid, too_many_attempts, refresh_reused, session_expired …
	Detail    string // the cause, one sentence
	Fix       string // what to do, one sentence; may be empty
	Reason    string // why a session ended, in the words of its history; may be empty
	RequestID string // for whoever operates the server

	// SessionEnded is true exactly where the session is over for good.
	SessionEnded bool
	// RetryAfter is how long to wait before trying again; 0 if the answer does not say.
	RetryAfter time.Duration
}

func (p *Problem) Error() string {
	text := p.Code
	if text == "" {
		text = "unexpected answer"
	}
	if p.Detail != "" {
		text += ": " + p.Detail
	}
	if p.Fix != "" {
		text += " " + p.Fix
	}
	return text
}
