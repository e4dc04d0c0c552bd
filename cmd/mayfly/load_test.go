package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

func TestAFlagBeatsAVariableBeatsTheFile(t *testing.T) {
	file := write(t, `access_ttl = "5m"`)
	bare := map[string]string{"MAYFLY_CONFIG": file}
	for name, one := range map[string]struct {
		env  map[string]string
		args []string
		want time.Duration
	}{
		"nothing":           {map[string]string{}, nil, 0},
		"the file":          {bare, nil, 5 * time.Minute},
		"a variable":        {map[string]string{"MAYFLY_CONFIG": file, "MAYFLY_ACCESS_TTL": "6m"}, nil, 6 * time.Minute},
		"an empty variable": {map[string]string{"MAYFLY_CONFIG": file, "MAYFLY_ACCESS_TTL": ""}, nil, 5 * time.Minute},
		"a flag":            {map[string]string{"MAYFLY_CONFIG": file, "MAYFLY_ACCESS_TTL": "6m"}, []string{"--access-ttl=7m"}, 7 * time.Minute},
		"somebody else's":   {map[string]string{"ACCESS_TOKEN_EXPIRY": "8m"}, nil, 0},
		"the express app's": {map[string]string{"ACCESS_TOKEN_EXPIRY": "8m", "ACCESS_TOKEN_SECRET": longSecret}, []string{"--preset=express"}, 8 * time.Minute},
		"ours beats the app's": {
			map[string]string{"ACCESS_TOKEN_EXPIRY": "8m", "ACCESS_TOKEN_SECRET": longSecret, "MAYFLY_ACCESS_TTL": "6m"},
			[]string{"--preset=express"},
			6 * time.Minute,
		},
	} {
		c, err := settingsOf(t, one.env, one.args...).load(slog.New(slog.DiscardHandler))
		if err != nil || c.AccessTTL != one.want {
			t.Errorf("%s: %s, %v; want %s", name, c.AccessTTL, err, one.want)
		}
	}
}

const longSecret = "0123456789abcdef0123456789abcdef"

func TestThePortOfAFirstTryMovesThePublicURL(t *testing.T) {
	for name, one := range map[string]struct {
		env                map[string]string
		args               []string
		listen, wantPublic string
	}{
		"nothing":       {nil, nil, "", ""},
		"PORT":          {map[string]string{"PORT": "9000"}, nil, ":9000", "http://localhost:9000"},
		"listen":        {map[string]string{"PORT": "9000"}, []string{"--listen=127.0.0.1:9001"}, "127.0.0.1:9001", "http://localhost:9001"},
		"public URL":    {map[string]string{"PORT": "9000"}, []string{"--public-url=https://a.example"}, ":9000", "https://a.example"},
		"empty listen":  {nil, []string{"--listen="}, "", ""},
		"a wrong value": {nil, []string{"--listen=9000"}, "9000", ""},
	} {
		c, err := settingsOf(t, one.env, one.args...).load(slog.New(slog.DiscardHandler))
		if err != nil || c.Listen != one.listen || c.PublicURL != one.wantPublic {
			t.Errorf("%s: listens on %q as %q, %v", name, c.Listen, c.PublicURL, err)
		}
	}
}

func TestEachKindOfTOMLValue(t *testing.T) {
	file := write(t, `
refresh_recovery = false
password_min_length = 12
audience = ["https://a.example", "https://b.example"]
access_ttl = "6m"

[claims]
_id = "sub"
plan = "metadata.plan"
`)
	c, err := settingsOf(t, map[string]string{"MAYFLY_CONFIG": file}).load(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if !c.StrictRefresh || c.PasswordMinLength != 12 || strings.Join(c.Audience, " ") != "https://a.example https://b.example" ||
		strings.Join(c.Claims, " ") != "_id=sub plan=metadata.plan" {
		t.Errorf("read as %+v", c)
	}
	for _, wrong := range []string{"3.5", "2026-11-24", "[1, 2]", "{ a = 1 }", "[[\"a\"]]"} {
		file := write(t, "audience = "+wrong)
		_, err := settingsOf(t, map[string]string{"MAYFLY_CONFIG": file}).load(slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), "wrong kind") {
			t.Errorf("audience = %s: %v", wrong, err)
		}
	}
}

func TestEveryFaultIsToldOnceWithItsFix(t *testing.T) {
	file := write(t, "acces_ttl = \"5m\"\nno_such_thing = 1\n")
	_, err := settingsOf(t, map[string]string{
		"MAYFLY_CONFIG": file, "MAYFLY_LISTN": ":1", "MAYFLY_SECRET": "short", "MAYFLY_PRESET": "rails", "PATH": "/bin",
	}, "--session-ttl=never").load(slog.New(slog.DiscardHandler))
	got := map[string]string{}
	for _, fault := range settingFaults(err) {
		if _, twice := got[fault.Setting]; twice || fault.Fix == "" {
			t.Errorf("%s is told twice or without a fix", fault.Setting)
		}
		got[fault.Setting] = fault.Fix
	}
	for setting, fix := range map[string]string{
		"acces_ttl": "did you mean access_ttl?", "no_such_thing": "remove it", "MAYFLY_LISTN": "did you mean MAYFLY_LISTEN?",
		"secret": "openssl rand", "preset": "use express", "session_ttl": "30d",
	} {
		if !strings.Contains(got[setting], fix) {
			t.Errorf("the fix for %s is %q, want %q", setting, got[setting], fix)
		}
	}
	if len(got) != 6 {
		t.Errorf("%d faults: %v", len(got), got)
	}
	if strings.Contains(err.Error(), "short") {
		t.Error("a secret is shown")
	}
}

// Only the unreadable part of a secret setting is told: the value may be the password of a database.
func TestTheValueOfASecretSettingIsNeverTold(t *testing.T) {
	_, err := settingsOf(t, map[string]string{"DATABASE_URL": "mysql://ada:hunter2@db/x"}).load(slog.New(slog.DiscardHandler))
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
}

func TestDistance(t *testing.T) {
	for _, one := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"listen", "listen", 0},
		{"", "abc", 3},
		{"abc", "", 3},
		{"listn", "listen", 1},
		{"lisent", "listen", 2},
		{"kitten", "sitting", 3},
		{"data", "date", 1},
	} {
		if got := distance(one.a, one.b); got != one.want {
			t.Errorf("from %q to %q: %d, want %d", one.a, one.b, got, one.want)
		}
		if distance(one.a, one.b) != distance(one.b, one.a) {
			t.Errorf("%q and %q are further apart one way than the other", one.a, one.b)
		}
	}
}

func settingsOf(t *testing.T, env map[string]string, args ...string) *settings {
	t.Helper()
	var environ []string
	for name, value := range env {
		environ = append(environ, name+"="+value)
	}
	s := newSettings(environ)
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	s.addStoreFlags(flags)
	s.addServeFlags(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return s
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mayfly.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
