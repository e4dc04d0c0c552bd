package server

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
	"github.com/mayfly-auth/mayfly/internal/door"
	"github.com/mayfly-auth/mayfly/internal/jws"
	"github.com/mayfly-auth/mayfly/internal/secret"
)

// SettingError is one fault of a Config.
type SettingError struct {
	Setting string // its name: public_url
	Detail  string
	Fix     string
}

func (e *SettingError) Error() string { return e.Setting + ": " + e.Detail + "; fix: " + e.Fix }

// checking collects the faults of a Config, so that all are told at once.
type checking struct{ faults []error }

func (c *checking) fault(setting, detail, fix string) {
	c.faults = append(c.faults, &SettingError{Setting: setting, Detail: detail, Fix: fix})
}

// Check reports every fault of the configuration at once, as *SettingError joined, without starting anything.
func (c Config) Check() error {
	_, err := c.check()
	return err
}

// check fills in what was left out and reads the rest.
func (c Config) check() (settings, error) {
	bad := &checking{}
	set := settings{Config: c.withDefaults()}
	if set.Now == nil {
		set.clock = &clock{machine: time.Now}
		set.Now = set.clock.now
	}
	set.publicURL = bad.publicURL(set.PublicURL, set.InsecureHTTP)
	if set.Listen == "" {
		set.Listen = set.publicURL.listen()
	}
	if len(set.Audience) == 0 {
		set.Audience = []string{set.publicURL.String()}
	}
	bad.durations(set)
	bad.signing(&set)
	bad.preset(&set)
	set.claims = bad.claims(set.Claims)
	set.origins = bad.origins(set.AllowedOrigins)
	set.proxies = bad.proxies(set.TrustedProxies)
	set.database = bad.database(set.Config)
	bad.secrets(set.Secrets)
	return set, errors.Join(bad.faults...)
}

func (c Config) withDefaults() Config {
	c.PublicURL = or(c.PublicURL, "http://localhost:8080")
	c.Data = or(c.Data, "mayfly-data")
	c.AccessTTL = or(c.AccessTTL, 10*time.Minute)
	c.IdleTimeout = or(c.IdleTimeout, 30*24*time.Hour)
	c.SessionTTL = or(c.SessionTTL, 90*24*time.Hour)
	c.RefreshWindow = or(c.RefreshWindow, 30*time.Second)
	c.KeyRotation = or(c.KeyRotation, 90*24*time.Hour)
	c.PasswordMinLength = or(c.PasswordMinLength, 8)
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c
}

func or[T comparable](value, fallback T) T {
	var none T
	if value == none {
		return fallback
	}
	return value
}

func (c *checking) durations(set settings) {
	for _, one := range []struct {
		name        string
		value       time.Duration
		least, most time.Duration
	}{
		{"access_ttl", set.AccessTTL, time.Second, 24 * time.Hour},
		{"idle_timeout", set.IdleTimeout, time.Second, 10 * 365 * 24 * time.Hour},
		{"session_ttl", set.SessionTTL, time.Second, 10 * 365 * 24 * time.Hour},
		{"refresh_window", set.RefreshWindow, time.Millisecond, 10 * time.Minute},
	} {
		if one.value < one.least || one.value > one.most {
			c.fault(one.name, fmt.Sprintf("%s is out of range", one.value),
				fmt.Sprintf("use a duration from %s to %s", one.least, one.most))
		}
	}
	if set.PasswordMinLength < 8 || set.PasswordMinLength > 64 {
		c.fault("password_min_length", fmt.Sprintf("%d is out of range", set.PasswordMinLength), "use a number from 8 to 64")
	}
}

// preset changes what the preset stands for, where nothing else was said.
func (c *checking) preset(set *settings) {
	switch set.Preset {
	case "":
	case "express":
		set.cookies = door.ExpressNames
		if len(set.Claims) == 0 {
			set.Claims = []string{"_id=sub", "username=username", "fullName=name"}
		}
	default:
		c.fault("preset", fmt.Sprintf("%q is not a preset", set.Preset), "use express, or leave it out")
	}
}

func (c *checking) signing(set *settings) {
	if set.SigningAlg == "" {
		set.SigningAlg = string(jws.ES256)
		if set.Preset == "express" {
			set.SigningAlg = string(jws.HS256)
		}
	}
	shared := set.SigningAlg == string(jws.HS256)
	switch {
	case !jws.Algorithm(set.SigningAlg).Valid():
		c.fault("signing_alg", fmt.Sprintf("%q is not an algorithm we sign with", set.SigningAlg), "use ES256, EdDSA, RS256, PS256 or HS256")
	case shared && set.AccessTokenSecret == "":
		c.fault("access_token_secret", "HS256 needs the secret that your servers check tokens with",
			"set MAYFLY_ACCESS_TOKEN_SECRET (or ACCESS_TOKEN_SECRET) to the same value as in your app")
	case shared && len(set.AccessTokenSecret) < 32:
		c.fault("access_token_secret", "it has fewer than 32 characters, so it can be guessed from one token",
			"make one with `openssl rand -base64 32` and use it here and in your app")
	case !shared && set.AccessTokenSecret != "":
		c.fault("access_token_secret", "it is set, but "+set.SigningAlg+" signs with a key pair",
			"remove it, or set signing_alg to HS256")
	}
}

func (c *checking) claims(texts []string) (claims []accesstoken.Claim) {
	for _, text := range texts {
		claim, err := accesstoken.ParseClaim(text)
		if err != nil {
			c.fault("claims", err.Error(), "write claims as name=source")
			continue
		}
		claims = append(claims, claim)
	}
	return claims
}

func (c *checking) origins(texts []string) (origins []string) {
	for _, text := range texts {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
			c.fault("allowed_origins", fmt.Sprintf("%q is not an origin", text), "write scheme and host, such as https://app.example.com; there are no wildcards")
			continue
		}
		origins = append(origins, originOf(u))
	}
	return origins
}

func (c *checking) proxies(texts []string) (prefixes []netip.Prefix) {
	for _, text := range texts {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			address, errAddress := netip.ParseAddr(text)
			if errAddress != nil {
				c.fault("trusted_proxies", fmt.Sprintf("%q is neither an address nor a prefix", text), "write 10.0.0.5 or 10.0.0.0/8")
				continue
			}
			prefix = netip.PrefixFrom(address, address.BitLen())
		}
		prefixes = append(prefixes, prefix.Masked())
	}
	return prefixes
}

func (c *checking) secrets(texts []string) {
	for i, text := range texts {
		if n := len(strings.TrimSpace(text)); n < secret.MinLength {
			c.fault("secret", fmt.Sprintf("number %d has %d characters, so it can be guessed", i+1, n),
				"make one of 32 or more with `openssl rand -base64 32`")
		}
	}
}

// publicURL is the checked PublicURL.
type publicURL struct{ *url.URL }

func (c *checking) publicURL(text string, insecure bool) publicURL {
	u, err := url.Parse(strings.TrimRight(text, "/"))
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		c.fault("public_url", fmt.Sprintf("%q is not a URL browsers could open", text), "write it as in https://auth.example.com")
		return publicURL{&url.URL{Scheme: "http", Host: "localhost"}}
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		c.fault("public_url", fmt.Sprintf("%q has no scheme of http or https", text), "write it as in https://auth.example.com")
	case u.Scheme == "http" && !door.IsLoopback(u.Hostname()) && !insecure:
		c.fault("public_url", "plain http to "+u.Hostname()+" would send every token readable",
			"use https; or, on a network that nobody else can read, set insecure_http")
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.TrimPrefix(originOf(u), u.Scheme+"://")
	return publicURL{u}
}

// originOf is scheme://host[:port] as browsers write it: lower case, without the scheme's own port.
func originOf(u *url.URL) string {
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	scheme := strings.ToLower(u.Scheme)
	if port == "" || (scheme == "https" && port == "443") || (scheme == "http" && port == "80") {
		return scheme + "://" + host
	}
	return scheme + "://" + host + ":" + port
}

// listen is where a server with this URL listens unless told otherwise: for a loopback name on that name's addresses
// alone, so that a first try is not open to the network.
func (u publicURL) listen() string {
	port := u.Port()
	if port == "" {
		port = "8080"
		if door.IsLoopback(u.Hostname()) && u.Scheme == "http" {
			port = "80"
		}
	}
	if door.IsLoopback(u.Hostname()) {
		return net.JoinHostPort(u.Hostname(), port)
	}
	return ":8080"
}

// development says whether this is somebody's first try on their own machine.
func (s settings) development() bool { return door.IsLoopback(s.publicURL.Hostname()) }
