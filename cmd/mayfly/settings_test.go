package main

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/server"
)

func TestDurationsHaveDays(t *testing.T) {
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"30s":       30 * time.Second,
		"10m":       10 * time.Minute,
		"1h30m":     90 * time.Minute,
		"250ms":     250 * time.Millisecond,
		"1.5h":      90 * time.Minute,
		"30d":       30 * day,
		"1d12h":     36 * time.Hour,
		"0d1s":      time.Second,
		"0":         0,
		"65535d":    65535 * day,
		"65535d24h": 65536 * day,
	} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("%q is %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", " ", "10", "d", "-1d", "+1d", "1.5d", "-5m", "1d-5m", "1d 5m", "1h1d", "1d1d", "1D", "65536d", "soon", "1d12", "99999999h",
		"65535d2562047h", // more than the type holds: it must not come out negative
	} {
		if got, err := parseDuration(text); err == nil {
			t.Errorf("%q is taken for %s", text, got)
		} else if !strings.Contains(err.Error(), "is not a duration") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, text := range []string{"30d", "1d12h", "10m", "-1s", "65535d2562047h", "1d-1h", ".5d", "1e9h", "٣d"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := parseDuration(text)
		if err != nil {
			return
		}
		if d < 0 {
			t.Fatalf("%q is %s", text, d)
		}
		if again, err := parseDuration(d.String()); err != nil || again != d {
			t.Fatalf("%q is %s, which is %s, %v", text, d, again, err)
		}
	})
}

func TestEverySettingIsCompleteAndRefusesNonsense(t *testing.T) {
	for _, one := range allSettings() {
		if one.name == "" || one.usage == "" || one.put == nil {
			t.Errorf("%+v is incomplete", one)
		}
		if strings.ToLower(one.name) != one.name || strings.Contains(one.name, "-") {
			t.Errorf("%s is not written as in the file", one.name)
		}
	}
	for name, text := range map[string]string{
		"access_ttl": "0s", "idle_timeout": "x", "password_min_length": "8.5", "insecure_http": "ja", "refresh_recovery": "",
		"log_level": "loud", "log_format": "xml", "key_rotation": "often",
	} {
		var c server.Config
		if err := settingNamed(t, name).put(&c, text); err == nil {
			t.Errorf("%s = %q is taken", name, text)
		}
	}
}

func TestSettingsThatMeanTheOppositeOrNever(t *testing.T) {
	var c server.Config
	if err := settingNamed(t, "refresh_recovery").put(&c, "false"); err != nil || !c.StrictRefresh {
		t.Errorf("refresh_recovery = false: StrictRefresh is %t, %v", c.StrictRefresh, err)
	}
	if err := settingNamed(t, "refresh_recovery").put(&c, "true"); err != nil || c.StrictRefresh {
		t.Errorf("refresh_recovery = true: StrictRefresh is %t, %v", c.StrictRefresh, err)
	}
	if err := settingNamed(t, "key_rotation").put(&c, "0"); err != nil || c.KeyRotation >= 0 {
		t.Errorf("key_rotation = 0: %s, %v", c.KeyRotation, err)
	}
	if err := settingNamed(t, "trusted_proxies").put(&c, " 10.0.0.1, ,10.0.0.2,"); err != nil ||
		!reflect.DeepEqual(c.TrustedProxies, []string{"10.0.0.1", "10.0.0.2"}) {
		t.Errorf("a list with gaps is %q, %v", c.TrustedProxies, err)
	}
}

// Every setting reaches a field of its own: none is read and forgotten.
func TestEverySettingChangesTheConfiguration(t *testing.T) {
	for _, one := range allSettings() {
		if one.name == "log_level" || one.name == "log_format" {
			continue // they make the log
		}
		changed := false
		for _, text := range []string{"x", "7", "7m", "true", "false"} {
			var c server.Config
			if one.put(&c, text) == nil && !reflect.DeepEqual(c, server.Config{}) {
				changed = true
			}
		}
		if !changed {
			t.Errorf("%s changes nothing", one.name)
		}
	}
}

func settingNamed(t *testing.T, name string) setting {
	t.Helper()
	for _, one := range allSettings() {
		if one.name == name {
			return one
		}
	}
	t.Fatalf("there is no setting %s", name)
	return setting{}
}
