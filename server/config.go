package server

import (
	"log/slog"
	"net/netip"
	"time"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
	"github.com/mayfly-auth/mayfly/internal/door"
)

// Config is everything that can be set. The zero value runs: SQLite in ./mayfly-data, on http://localhost:8080.
//
// The binary fills it from flags, MAYFLY_* variables and a TOML file, each under the snake_case name of the field.
type Config struct {
	// PublicURL is how browsers reach the server, and the issuer of its tokens. Plain http is for loopback hosts only,
	// unless InsecureHTTP says otherwise. Default http://localhost:8080.
	PublicURL string
	// InsecureHTTP allows a public URL of plain http that is not loopback: every token travels readable.
	InsecureHTTP bool
	// Listen is the address to listen on. The default is the host and port of a loopback PublicURL, else ":8080".
	Listen string
	// AdminListen is where /metrics, /healthz and /readyz are served too; empty serves no metrics.
	AdminListen string

	// Data is the folder of the embedded database and of the secret that was made for it. Default "mayfly-data".
	Data string
	// DatabaseURL names the database: empty, "sqlite:PATH", "postgres://user:password@host:5432/database", or
	// "mongodb://user:password@host:27017/database". Empty is mayfly.db in Data. Any number of servers may share a database
	// that is a server itself; they need the same Secrets.
	DatabaseURL string
	// Secrets are the server secrets, each of 32 characters or more; the first makes, all verify. When the database lies
	// in Data and none is given, one is made and kept there, in the file `secret`.
	Secrets []string

	// AccessTTL is the life of access tokens: 10 minutes by default, less up to a tenth by chance.
	AccessTTL time.Duration
	// IdleTimeout ends a session this long after its last refresh. Default 30 days.
	IdleTimeout time.Duration
	// SessionTTL ends a session this long after sign-in, whatever happens. Default 90 days.
	SessionTTL time.Duration
	// RefreshWindow is how long after a rotation the same answer is given again. Default 30 seconds.
	RefreshWindow time.Duration
	// StrictRefresh makes the parent reuse once the window is over (refresh_recovery = false): a lost answer then ends
	// the session.
	StrictRefresh bool

	// SigningAlg is ES256 (default), EdDSA, RS256, PS256, or HS256 with AccessTokenSecret.
	SigningAlg string
	// AccessTokenSecret is the secret shared with the servers that check HS256 tokens.
	AccessTokenSecret string
	// KeyRotation is how often a new signing key takes over; negative never. Default 90 days.
	KeyRotation time.Duration
	// Audience is the `aud` of access tokens. Default PublicURL.
	Audience []string
	// Claims renames and adds claims: "name=source", with the sources sub, email, email_verified, username, name, roles,
	// and metadata.<member>.
	Claims []string

	// AllowedOrigins may call from pages of other origins, with cookies: "https://app.example.com".
	AllowedOrigins []string
	// TrustedProxies are believed in X-Forwarded-For: addresses or prefixes.
	TrustedProxies []string
	// Preset is empty or "express": HS256, claims and cookies as the usual Express tutorial has them.
	Preset string
	// PasswordMinLength is the fewest characters of a new password. Default 8.
	PasswordMinLength int
	// HashParallel is how many passwords are hashed at once; one fewer while sessions are in use. Default as many as
	// processors.
	HashParallel int

	// Log receives what happens. Default slog.Default.
	Log *slog.Logger
	// Now is the clock. Default time.Now, or the database's own clock where that is a server and shows another time. Servers
	// that share a database have to agree on the time within the refresh window.
	Now func() time.Time
}

// settings is a Config that was checked, in the types of the rooms.
type settings struct {
	Config
	claims    []accesstoken.Claim
	proxies   []netip.Prefix
	origins   []string
	cookies   door.CookieNames
	publicURL publicURL
	database  database
	clock     *clock // nil where Config.Now is
	sandbox   bool   // this server is one of the Lab's, and has none itself
}
