package accesstoken

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Claim puts something that is known about a user into the token under a name of the operator's choice.
type Claim struct {
	Name string
	// Source is sub, email, email_verified, username, name, roles, or metadata. and the names of the members that lead
	// to the value, joined by dots: metadata.plan, metadata.billing.tier.
	Source string
}

const metadataPrefix = "metadata."

// ParseClaim reads a claim as operators write it: name=source. A source other than sub that is put under a new name
// leaves its usual one, so fullName=name renames.
func ParseClaim(text string) (Claim, error) {
	name, source, ok := strings.Cut(text, "=")
	if !ok {
		return Claim{}, fmt.Errorf("claim %q: write it as name=source, for example fullName=name", text)
	}
	c := Claim{Name: strings.TrimSpace(name), Source: strings.TrimSpace(source)}
	if err := c.check(); err != nil {
		return Claim{}, err
	}
	return c, nil
}

// registered are the claims that decide whether a token is good and whose it is: to overwrite one would be to break the
// token, or to let metadata say who somebody is. The last group is not emitted but means something to verifiers.
var registered = map[string]bool{
	"iss": true, "sub": true, "aud": true, "exp": true, "iat": true, "jti": true, "sid": true,
	"client_id": true, "auth_time": true, "amr": true, "scope": true,
	"nbf": true, "acr": true, "azp": true, "cnf": true, "act": true, "may_act": true, "nonce": true, "events": true,
}

// profile are the sources with the names they have unless a claim renames them. RFC 9068 section 2.2.2 takes them from
// OpenID Connect.
var profile = []Claim{
	{Name: "email", Source: "email"},
	{Name: "email_verified", Source: "email_verified"},
	{Name: "preferred_username", Source: "username"},
	{Name: "name", Source: "name"},
	{Name: "roles", Source: "roles"},
}

const maxClaimName = 64

func (c Claim) check() error {
	switch {
	case c.Name == "" || len(c.Name) > maxClaimName || !utf8.ValidString(c.Name) || strings.ContainsFunc(c.Name, isControl):
		return fmt.Errorf("claim %q: a name has 1 to %d visible characters", c.Name, maxClaimName)
	case registered[c.Name]:
		return fmt.Errorf("claim %q: this name has a fixed meaning in every token and cannot be given another: choose another name", c.Name)
	case c.Name == "__proto__": // JavaScript code that copies claims into an object would change the object's prototype
		return fmt.Errorf("claim %q: this name is not safe in JavaScript: choose another name", c.Name)
	}
	if c.Source == "sub" {
		return nil
	}
	for _, p := range profile {
		if c.Source == p.Source {
			return nil
		}
	}
	path, ok := strings.CutPrefix(c.Source, metadataPrefix)
	if !ok || path == "" || strings.HasPrefix(path, ".") || strings.HasSuffix(path, ".") || strings.Contains(path, "..") {
		return fmt.Errorf("claim %q: the source %q is not known: use sub, email, email_verified, username, name, roles or "+
			"metadata.<member>", c.Name, c.Source)
	}
	return nil
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f }

// plan returns the claims to emit: the profile under its usual names, less what was renamed or whose name was given to
// something else, then the configured ones in their order.
func plan(configured []Claim) ([]Claim, error) {
	names := make(map[string]bool)
	renamed := make(map[string]bool)
	for _, c := range configured {
		if err := c.check(); err != nil {
			return nil, err
		}
		if names[c.Name] {
			return nil, fmt.Errorf("claim %q is configured twice", c.Name)
		}
		names[c.Name], renamed[c.Source] = true, true
	}
	var all []Claim
	for _, p := range profile {
		if !names[p.Name] && !renamed[p.Source] {
			all = append(all, p)
		}
	}
	return append(all, configured...), nil
}
