package server_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/server"
)

const longSecret = "0123456789abcdef0123456789abcdef"

func TestEachFaultOfAConfigurationIsToldWithItsFix(t *testing.T) {
	for name, one := range map[string]struct {
		config  server.Config
		setting string
		words   string // in the detail or the fix
	}{
		"no URL":               {server.Config{PublicURL: "auth.example.com"}, "public_url", "https://auth.example.com"},
		"a URL with a user":    {server.Config{PublicURL: "https://ada@auth.example.com"}, "public_url", "not a URL"},
		"a URL with a query":   {server.Config{PublicURL: "https://auth.example.com?x=1"}, "public_url", "not a URL"},
		"another scheme":       {server.Config{PublicURL: "ftp://auth.example.com"}, "public_url", "scheme"},
		"plain http":           {server.Config{PublicURL: "http://auth.example.com"}, "public_url", "insecure_http"},
		"access too short":     {server.Config{AccessTTL: time.Millisecond}, "access_ttl", "1s"},
		"access too long":      {server.Config{AccessTTL: 48 * time.Hour}, "access_ttl", "24h"},
		"idle negative":        {server.Config{IdleTimeout: -time.Hour}, "idle_timeout", "out of range"},
		"session too short":    {server.Config{SessionTTL: time.Millisecond}, "session_ttl", "out of range"},
		"window too long":      {server.Config{RefreshWindow: time.Hour}, "refresh_window", "10m"},
		"short passwords":      {server.Config{PasswordMinLength: 7}, "password_min_length", "8 to 64"},
		"long passwords":       {server.Config{PasswordMinLength: 65}, "password_min_length", "8 to 64"},
		"no algorithm":         {server.Config{SigningAlg: "none"}, "signing_alg", "use ES256"},
		"shared, no secret":    {server.Config{SigningAlg: "HS256"}, "access_token_secret", "MAYFLY_ACCESS_TOKEN_SECRET"},
		"shared, short secret": {server.Config{SigningAlg: "HS256", AccessTokenSecret: "tutorial"}, "access_token_secret", "openssl rand"},
		"secret, not shared":   {server.Config{AccessTokenSecret: longSecret}, "access_token_secret", "HS256"},
		"preset":               {server.Config{Preset: "rails"}, "preset", "express"},
		"a claim":              {server.Config{Claims: []string{"_id"}}, "claims", "name=source"},
		"a reserved claim":     {server.Config{Claims: []string{"exp=email"}}, "claims", "exp"},
		"an origin with path":  {server.Config{AllowedOrigins: []string{"https://a.example/app"}}, "allowed_origins", "no wildcards"},
		"any origin":           {server.Config{AllowedOrigins: []string{"*"}}, "allowed_origins", "scheme and host"},
		"a proxy":              {server.Config{TrustedProxies: []string{"proxy.local"}}, "trusted_proxies", "10.0.0.0/8"},
		"another store":        {server.Config{DatabaseURL: "mysql://ada:hunter2@db/x"}, "database_url", "mysql"},
		"no address":           {server.Config{DatabaseURL: "postgres://ada:hunter2@db:x/x"}, "database_url", "postgres://user"},
		"no file":              {server.Config{DatabaseURL: "sqlite:"}, "database_url", "sqlite:PATH"},
		"a short secret":       {server.Config{Secrets: []string{longSecret, "tutorial"}}, "secret", "number 2"},
	} {
		err := one.config.Check()
		var fault *server.SettingError
		if !errors.As(err, &fault) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if fault.Setting != one.setting || !strings.Contains(fault.Detail+" "+fault.Fix, one.words) || fault.Fix == "" {
			t.Errorf("%s: %v", name, err)
		}
		for _, hidden := range []string{"hunter2", "tutorial", longSecret} {
			if strings.Contains(err.Error(), hidden) {
				t.Errorf("%s: the error shows %q", name, hidden)
			}
		}
	}
}

func TestTenFaultsAreTenWordsAtOnce(t *testing.T) {
	wrong := server.Config{
		PublicURL:         "http://auth.example.com",
		DatabaseURL:       "mysql://db",
		Secrets:           []string{"short"},
		AccessTTL:         -time.Second,
		RefreshWindow:     time.Hour,
		SigningAlg:        "none",
		AllowedOrigins:    []string{"*"},
		TrustedProxies:    []string{"everybody"},
		Preset:            "rails",
		PasswordMinLength: 4,
	}
	for name, err := range map[string]error{"Check": wrong.Check(), "New": newError(t, wrong)} {
		joined, ok := err.(interface{ Unwrap() []error })
		if !ok {
			t.Errorf("%s: %v", name, err)
			continue
		}
		told := map[string]bool{}
		for _, one := range joined.Unwrap() {
			var fault *server.SettingError
			if !errors.As(one, &fault) {
				t.Errorf("%s: %v is no SettingError", name, one)
				continue
			}
			told[fault.Setting] = true
		}
		if len(told) != 10 {
			t.Errorf("%s tells %d of 10 faults: %v", name, len(told), err)
		}
	}
}

func newError(t *testing.T, c server.Config) error {
	t.Helper()
	_, err := server.New(t.Context(), c)
	return err
}

func TestWhatRunsIsAccepted(t *testing.T) {
	for name, c := range map[string]server.Config{
		"nothing set":     {},
		"https":           {PublicURL: "https://auth.example.com"},
		"a path":          {PublicURL: "https://example.com/auth/"},
		"an address":      {PublicURL: "http://[::1]:8080"},
		"below localhost": {PublicURL: "http://app.localhost:8080"},
		"insecure":        {PublicURL: "http://auth.example.com", InsecureHTTP: true},
		"express":         {Preset: "express", AccessTokenSecret: longSecret},
		"lists":           {AllowedOrigins: []string{"https://a.example:8443"}, TrustedProxies: []string{"10.0.0.5", "fd00::/8"}},
		"a file":          {DatabaseURL: "sqlite:some.db"},
	} {
		if err := c.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
