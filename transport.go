package mayfly

import (
	"fmt"
	"io"
	"net/http"
)

// TransportConfig says whom a [Transport] serves. Only URL is required.
type TransportConfig struct {
	// URL is the public URL of Mayfly, such as https://auth.example.com.
	URL string
	// TokenOrigins are the servers that are sent the access token, such as https://api.example.com; that of URL always
	// is. To any other the request goes as it came, also when one of these redirects there.
	TokenOrigins []string
	// Storage keeps the refresh token; nil means until the program ends. See [FileStorage].
	Storage Storage
	// Base makes the requests; nil means [http.DefaultTransport].
	Base http.RoundTripper
	// InsecureHTTP allows plain http to hosts that are not this machine: everybody on the way can take the tokens.
	InsecureHTTP bool
}

// Transport is an [http.RoundTripper] that stays signed in: it adds the access token to each request, fetches the next
// one before it runs out, and sends a request that was refused once more with a new one.
//
// However many requests need a new token at the same moment, one refresh is made. It is not cancelled when a request
// that waits for it is, and takes ten seconds at most. Lifetimes are measured on the monotonic clock, so a wrong or
// jumping wall clock changes nothing. A request that brings its own Authorization header passes untouched.
//
// RoundTrip fails with [ErrSignedOut], [ErrUnavailable] or [ErrBodyConsumed] besides the errors of the network. The
// first comes only after Mayfly itself said that the session is over; whatever else happens to a refresh leaves the
// session alone.
type Transport struct {
	origins map[string]bool
	base    http.RoundTripper
	session *clientSession
}

// NewTransport returns a Transport that uses the session in its storage, if there is one; otherwise call Login.
// It fails if the configuration can not work.
func NewTransport(c TransportConfig) (*Transport, error) {
	u, err := parseAddress("URL", c.URL, c.InsecureHTTP)
	if err != nil {
		return nil, err
	}
	t := &Transport{origins: map[string]bool{originOf(u): true}, base: c.Base}
	for _, text := range c.TokenOrigins {
		origin, err := parseOrigin("TokenOrigins", text, c.InsecureHTTP)
		if err != nil {
			return nil, err
		}
		t.origins[origin] = true
	}
	if t.base == nil {
		t.base = http.DefaultTransport
	}
	storage := c.Storage
	if storage == nil {
		storage = new(MemoryStorage)
	}
	t.session = newClientSession(&endpoint{url: u, base: t.base}, storage)
	return t, nil
}

// RoundTrip implements [http.RoundTripper].
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	// A redirect comes by here as a request of its own, without the header that was added to the first.
	if !t.origins[originOf(req.URL)] || req.Header.Get("Authorization") != "" {
		return t.base.RoundTrip(req)
	}
	token, err := t.session.current(req.Context())
	if err != nil {
		closeBody(req)
		return nil, err
	}
	resp, err := t.send(req, req.Body, token)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	next, err := t.session.after(req.Context(), token)
	if err == nil && next == nil {
		return resp, nil // the refusal is not about the token, or a new one would not be this person's
	}
	discard(resp)
	if err != nil {
		return nil, err
	}
	body, err := secondBody(req)
	if err != nil {
		return nil, err
	}
	return t.send(req, body, next)
}

// send makes one attempt. A RoundTripper may not change the request it was given, so a copy carries the token.
func (t *Transport) send(req *http.Request, body io.ReadCloser, token *accessToken) (*http.Response, error) {
	attempt := req.Clone(req.Context())
	attempt.Body = body
	attempt.Header.Set("Authorization", "Bearer "+token.text)
	return t.base.RoundTrip(attempt)
}

// secondBody returns the whole body of a request again. An empty one in its place would be a lie that servers believe.
func secondBody(req *http.Request) (io.ReadCloser, error) {
	switch {
	case req.Body == nil || req.Body == http.NoBody:
		return req.Body, nil
	case req.GetBody == nil:
		return nil, ErrBodyConsumed
	}
	body, err := req.GetBody()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBodyConsumed, err)
	}
	return body, nil
}

// closeBody keeps the promise of a RoundTripper to close the body also when it is never sent.
func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}

// discard lets the connection be used again, unless the rest of the answer costs more than a new one.
func discard(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, 16<<10)
	_ = resp.Body.Close()
}

// CloseIdleConnections closes the idle connections of Base, for [http.Client.CloseIdleConnections].
func (t *Transport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
