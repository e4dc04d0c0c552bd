package mayfly

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/mayfly-auth/mayfly/internal/jws"
)

const (
	fetchTimeout = 5 * time.Second
	maxKeySet    = 256 << 10 // bytes: hundreds of keys

	// How long a set is used before it is asked for again, whatever Cache-Control says: below, every request would ask;
	// above, a withdrawn key would live on.
	shortestKeyLife = time.Minute
	defaultKeyLife  = 5 * time.Minute
	longestKeyLife  = time.Hour
)

// keyFetcher asks one address for a key set. When to ask is not its business.
type keyFetcher struct {
	url    string
	client *http.Client
}

func newKeyFetcher(url string, client *http.Client) *keyFetcher {
	f := &keyFetcher{url: url, client: new(http.Client)}
	if client != nil {
		*f.client = *client
	}
	// Who can make the issuer's host redirect, by an open redirector say, would name the keys that we believe.
	f.client.CheckRedirect = func(*http.Request, []*http.Request) error {
		return errors.New("the key set redirects, which is refused: set JWKSURL to the address where it is")
	}
	return f
}

func (f *keyFetcher) fetch() (*keySet, time.Duration, error) {
	ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url, nil)
	if err != nil {
		return nil, 0, err
	}
	req.Header.Set("Accept", "application/jwk-set+json, application/json")
	resp, err := f.client.Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, 0, fmt.Errorf("GET %s: status %d", f.url, resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxKeySet+1))
	switch {
	case err != nil:
		return nil, 0, fmt.Errorf("GET %s: %w", f.url, err)
	case len(body) > maxKeySet:
		return nil, 0, fmt.Errorf("GET %s: the answer is longer than %d bytes: that is no key set", f.url, maxKeySet)
	}
	keys, err := jws.ParseSet(body)
	if err != nil {
		return nil, 0, fmt.Errorf("GET %s: %w: is this the address of a key set?", f.url, err)
	}
	set := &keySet{byID: make(map[string]*jws.PublicKey, len(keys)), text: string(body)}
	for _, key := range keys {
		set.byID[key.ID] = key
	}
	return set, keyLife(resp.Header), nil
}

// keyLife reads Cache-Control and Age (RFC 9111 sections 5.1 and 5.2.2) and keeps the answer within bounds.
func keyLife(h http.Header) time.Duration {
	life := defaultKeyLife
	for directive := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch strings.ToLower(name) {
		case "no-store", "no-cache":
			return shortestKeyLife
		case "max-age":
			if d, ok := seconds(strings.Trim(value, `"`)); ok {
				life = d
			}
		}
	}
	if age, ok := seconds(h.Get("Age")); ok {
		life -= age
	}
	return min(max(life, shortestKeyLife), longestKeyLife)
}

// seconds reads delta-seconds (RFC 9111 section 1.2.2). A number too large for us is as good as a day.
func seconds(text string) (time.Duration, bool) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, false
	}
	return time.Duration(min(n, 24*60*60)) * time.Second, true
}
