package main

import (
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/mayfly-auth/mayfly/server"
)

// setting is one thing that can be set. Flag, variable and TOML key are its name in three spellings; a flag beats a
// variable beats the file.
type setting struct {
	name   string // snake_case, as in the file
	usage  string // for --help, with the default
	bare   string // a variable without MAYFLY_ that is read too
	secret bool   // its variable has a _FILE form, and its value is never printed
	kind   kind
	put    func(c *server.Config, value string) error
}

type kind int

const (
	text kind = iota
	list      // comma-separated; an array in the file
	truth
)

// storeSettings say where the data is; every command takes them.
var storeSettings = []setting{
	{name: "data", usage: "folder of the embedded database and its secret (default \"mayfly-data\")", put: into(func(c *server.Config) *string { return &c.Data })},
	{
		name: "database_url", usage: "database: sqlite:PATH, postgres://… or mongodb://… (default mayfly.db in the data folder)", bare: "DATABASE_URL", secret: true,
		put: into(func(c *server.Config) *string { return &c.DatabaseURL }),
	},
	{
		name: "secret", usage: "server secrets of 32 characters or more, the first signs (default: made in the data folder)", secret: true, kind: list,
		put: intoList(func(c *server.Config) *[]string { return &c.Secrets }),
	},
	{name: "public_url", usage: "how browsers reach the server; also the issuer (default \"http://localhost:8080\")", put: into(func(c *server.Config) *string { return &c.PublicURL })},
	{name: "signing_alg", usage: "ES256, EdDSA, RS256, PS256, or HS256 with a shared secret (default \"ES256\")", put: into(func(c *server.Config) *string { return &c.SigningAlg })},
	{
		name: "access_token_secret", usage: "HS256 only: the secret your servers check tokens with", secret: true,
		put: into(func(c *server.Config) *string { return &c.AccessTokenSecret }),
	},
	{name: "preset", usage: "express: HS256, claims and cookies as in the usual Express tutorial", put: into(func(c *server.Config) *string { return &c.Preset })},
	{name: "log_level", usage: "debug, info, warn or error (default \"info\")", put: checkLevel},
	{name: "log_format", usage: "text or json (default \"text\")", put: checkFormat},
}

// serveSettings are those of the server alone.
var serveSettings = []setting{
	{name: "insecure_http", usage: "allow plain http for a public_url that is not loopback", kind: truth, put: intoBool(func(c *server.Config) *bool { return &c.InsecureHTTP })},
	{name: "listen", usage: "address to listen on (default: host and port of a loopback public_url, else \":8080\")", put: into(func(c *server.Config) *string { return &c.Listen })},
	{name: "admin_listen", usage: "address for /metrics, /healthz and /readyz (default: none)", put: into(func(c *server.Config) *string { return &c.AdminListen })},
	{name: "access_ttl", usage: "life of access tokens (default 10m)", put: intoDuration(func(c *server.Config) *time.Duration { return &c.AccessTTL })},
	{name: "idle_timeout", usage: "a session ends this long after its last use (default 30d)", put: intoDuration(func(c *server.Config) *time.Duration { return &c.IdleTimeout })},
	{name: "session_ttl", usage: "and at most this long after sign-in (default 90d)", put: intoDuration(func(c *server.Config) *time.Duration { return &c.SessionTTL })},
	{name: "refresh_window", usage: "how long a refresh gives the same answer again (default 30s)", put: intoDuration(func(c *server.Config) *time.Duration { return &c.RefreshWindow })},
	{name: "refresh_recovery", usage: "accept the parent of the newest refresh token after the window (default true)", kind: truth, put: putRecovery},
	{name: "key_rotation", usage: "how often a new signing key takes over, 0 for never (default 90d)", put: putKeyRotation},
	{name: "audience", usage: "aud of access tokens (default: public_url)", kind: list, put: intoList(func(c *server.Config) *[]string { return &c.Audience })},
	{name: "claims", usage: "claims to rename or add: name=source,... with sources sub, email, email_verified, username, name, roles, metadata.<member>", kind: list, put: intoList(func(c *server.Config) *[]string { return &c.Claims })},
	{name: "allowed_origins", usage: "other origins whose pages may call, with cookies", kind: list, put: intoList(func(c *server.Config) *[]string { return &c.AllowedOrigins })},
	{name: "trusted_proxies", usage: "addresses or prefixes believed in X-Forwarded-For", kind: list, put: intoList(func(c *server.Config) *[]string { return &c.TrustedProxies })},
	{name: "password_min_length", usage: "fewest characters of a new password (default 8)", put: intoNumber(func(c *server.Config) *int { return &c.PasswordMinLength })},
	{name: "hash_parallel", usage: "passwords hashed at once (default: as many as processors); one fewer while sessions are in use", put: intoNumber(func(c *server.Config) *int { return &c.HashParallel })},
}

// expressNames are the variables of the usual Express app. They are read where their owner has said that this is one:
// with the express preset, or with HS256.
var expressNames = map[string]string{
	"access_token_secret": "ACCESS_TOKEN_SECRET",
	"access_ttl":          "ACCESS_TOKEN_EXPIRY",
	"idle_timeout":        "REFRESH_TOKEN_EXPIRY",
}

// settings gathers values from flags, variables and the file.
type settings struct {
	env   map[string]string
	flags map[string][]*pflag.Flag // by setting name: one for each command that has it, of which one at most is called
	file  string                   // --config
}

func newSettings(environ []string) *settings {
	s := &settings{env: map[string]string{}, flags: map[string][]*pflag.Flag{}}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		s.env[name] = value
	}
	return s
}

func (s *settings) addStoreFlags(flags *pflag.FlagSet) {
	flags.StringVar(&s.file, "config", "", "TOML file with settings (default \"mayfly.toml\", where there is one)")
	s.add(flags, storeSettings)
}

func (s *settings) addServeFlags(flags *pflag.FlagSet) { s.add(flags, serveSettings) }

func (s *settings) add(flags *pflag.FlagSet, all []setting) {
	flags.SortFlags = false
	for _, one := range all {
		name := dashed(one.name)
		flags.String(name, "", one.usage)
		flag := flags.Lookup(name)
		if one.kind == truth {
			flag.NoOptDefVal = "true"
		}
		s.flags[one.name] = append(s.flags[one.name], flag)
	}
}

func allSettings() []setting { return slices.Concat(storeSettings, serveSettings) }

func dashed(name string) string   { return strings.ReplaceAll(name, "_", "-") }
func variable(name string) string { return "MAYFLY_" + strings.ToUpper(name) }

func into(field func(*server.Config) *string) func(*server.Config, string) error {
	return func(c *server.Config, value string) error {
		*field(c) = value
		return nil
	}
}

func intoList(field func(*server.Config) *[]string) func(*server.Config, string) error {
	return func(c *server.Config, value string) error {
		*field(c) = nil
		for part := range strings.SplitSeq(value, ",") {
			if part = strings.TrimSpace(part); part != "" {
				*field(c) = append(*field(c), part)
			}
		}
		return nil
	}
}

func intoBool(field func(*server.Config) *bool) func(*server.Config, string) error {
	return func(c *server.Config, value string) (err error) {
		if *field(c), err = strconv.ParseBool(value); err != nil {
			return fmt.Errorf("%q is neither true nor false", value)
		}
		return nil
	}
}

func intoNumber(field func(*server.Config) *int) func(*server.Config, string) error {
	return func(c *server.Config, value string) (err error) {
		if *field(c), err = strconv.Atoi(value); err != nil {
			return fmt.Errorf("%q is not a whole number", value)
		}
		return nil
	}
}

func intoDuration(field func(*server.Config) *time.Duration) func(*server.Config, string) error {
	return func(c *server.Config, value string) (err error) {
		*field(c), err = parseDuration(value)
		if err == nil && *field(c) == 0 {
			return fmt.Errorf("%q is no time at all", value)
		}
		return err
	}
}

func putRecovery(c *server.Config, value string) error {
	var recovery bool
	err := intoBool(func(*server.Config) *bool { return &recovery })(c, value)
	c.StrictRefresh = !recovery
	return err
}

func putKeyRotation(c *server.Config, value string) (err error) {
	if c.KeyRotation, err = parseDuration(value); c.KeyRotation == 0 {
		c.KeyRotation = -1 // never
	}
	return err
}

// checkLevel and checkFormat put nothing: the log is made before the rest, see logger.
func checkLevel(_ *server.Config, value string) error {
	_, err := parseLevel(value)
	return err
}

func checkFormat(_ *server.Config, value string) error {
	if value != "text" && value != "json" {
		return fmt.Errorf("%q is not a format, use text or json", value)
	}
	return nil
}

func parseLevel(text string) (level slog.Level, err error) {
	if err = level.UnmarshalText([]byte(text)); err != nil {
		return level, fmt.Errorf("%q is not a level, use debug, info, warn or error", text)
	}
	return level, nil
}

// parseDuration reads durations as Go writes them, with days in front: 30d, 1d12h, 10m.
func parseDuration(text string) (time.Duration, error) {
	rest := text
	var total time.Duration
	if days, after, ok := strings.Cut(text, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return 0, fmt.Errorf("%q is not a duration", text)
		}
		total, rest = time.Duration(n)*24*time.Hour, after
		if rest == "" {
			return total, nil
		}
	}
	d, err := time.ParseDuration(rest)
	if err != nil || d < 0 || total+d < total { // the last: 290 years and more
		return 0, fmt.Errorf("%q is not a duration", text)
	}
	return total + d, nil
}

// readSecretFile returns what a _FILE variable points to, without the line break that editors leave at the end.
func readSecretFile(path string) (string, error) {
	raw, err := os.ReadFile(path)
	return strings.TrimSpace(string(raw)), err
}
