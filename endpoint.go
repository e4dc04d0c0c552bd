package mayfly

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	// loginTimeout leaves room for a password hash that waits its turn.
	loginTimeout = 30 * time.Second
	// refreshTimeout bounds how long a request may wait for a token, whatever the network does.
	refreshTimeout = 10 * time.Second
	maxAnswer      = 1 << 20 // bytes
)

// endpoint speaks to the JSON API of Mayfly. It sends and judges; what follows from an answer is the session's part.
type endpoint struct {
	url  *url.URL
	base http.RoundTripper
}

// grant is a fresh pair of tokens.
type grant struct {
	access, refresh string
	session         string // id
	life            time.Duration
}

func (e *endpoint) login(ctx context.Context, identifier, password string) (grant, error) {
	ctx, cancel := context.WithTimeout(ctx, loginTimeout)
	defer cancel()
	return e.grant(ctx, "v1/login", map[string]string{
		"identifier": identifier, "password": password, "delivery": "body",
	})
}

func (e *endpoint) refresh(ctx context.Context, token string) (grant, error) {
	return e.grant(ctx, "v1/refresh", map[string]string{"refresh_token": token})
}

func (e *endpoint) logout(ctx context.Context, token string) error {
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	a, err := e.post(ctx, "v1/logout", map[string]string{"refresh_token": token})
	if err != nil {
		return err
	}
	if a.status/100 != 2 {
		return a.problem()
	}
	return nil
}

func (e *endpoint) grant(ctx context.Context, path string, body map[string]string) (grant, error) {
	a, err := e.post(ctx, path, body)
	if err != nil {
		return grant{}, err
	}
	if a.status/100 == 2 {
		if g, ok := a.grant(); ok {
			return g, nil
		}
	}
	return grant{}, a.problem()
}

// answer is a whole answer of Mayfly, or of whatever stands in its place: a firewall, a sign-in page of a hotel.
type answer struct {
	status    int
	mediaType string
	header    http.Header
	body      []byte
}

// post calls RoundTrip itself, so no redirect is followed: it would hand a password or a refresh token to whoever the
// answer names.
func (e *endpoint) post(ctx context.Context, path string, body map[string]string) (*answer, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url.JoinPath(path).String(), bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, application/problem+json")
	resp, err := e.base.RoundTrip(req)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	defer func() { _ = resp.Body.Close() }()
	read, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	mediaType, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return &answer{status: resp.StatusCode, mediaType: mediaType, header: resp.Header, body: read}, nil
}

// grant reads the answer to a sign-in or a refresh; false says that it is something else, such as a page.
func (a *answer) grant() (grant, bool) {
	var body struct {
		AccessToken  string  `json:"access_token"`
		RefreshToken string  `json:"refresh_token"`
		ExpiresIn    float64 `json:"expires_in"`
		Session      struct {
			ID string `json:"id"`
		} `json:"session"`
	}
	if a.mediaType != "application/json" || json.Unmarshal(a.body, &body) != nil {
		return grant{}, false
	}
	if body.AccessToken == "" || body.RefreshToken == "" {
		return grant{}, false
	}
	// A life of nothing would mean a refresh for every request, one without end would overflow.
	seconds := min(max(body.ExpiresIn, 1), (30 * 24 * time.Hour).Seconds())
	return grant{
		access:  body.AccessToken,
		refresh: body.RefreshToken,
		session: body.Session.ID,
		life:    time.Duration(seconds * float64(time.Second)),
	}, true
}

// problem reads a refusal. Whatever does not come as Mayfly's own problem says nothing about the session.
func (a *answer) problem() *Problem {
	p := &Problem{Status: a.status, RetryAfter: a.retryAfter()}
	var body struct {
		Code         string `json:"code"`
		Detail       string `json:"detail"`
		Fix          string `json:"fix"`
		Reason       string `json:"reason"`
		RequestID    string `json:"request_id"`
		SessionEnded bool   `json:"session_ended"`
	}
	if a.mediaType != "application/problem+json" || json.Unmarshal(a.body, &body) != nil {
		p.Detail = fmt.Sprintf("status %d with %q, where an answer of Mayfly was expected", a.status, a.mediaType)
		return p
	}
	p.Code, p.Detail, p.Fix, p.Reason, p.RequestID = body.Code, body.Detail, body.Fix, body.Reason, body.RequestID
	p.SessionEnded = body.SessionEnded && a.status/100 == 4
	return p
}

// retryAfter reads Retry-After (RFC 9110 section 10.2.3). A date is taken relative to the Date of the same answer, so
// that our own clock has no part in it.
func (a *answer) retryAfter() time.Duration {
	const longest = 5 * time.Minute // the page of a hotel must not silence a client for a day
	text := a.header.Get("Retry-After")
	wait := time.Duration(0)
	if seconds, err := strconv.Atoi(text); err == nil {
		wait = time.Duration(min(seconds, int(longest/time.Second))) * time.Second
	} else if until, err := http.ParseTime(text); err == nil {
		if sent, err := http.ParseTime(a.header.Get("Date")); err == nil {
			wait = until.Sub(sent)
		}
	}
	return min(max(wait, 0), longest)
}
