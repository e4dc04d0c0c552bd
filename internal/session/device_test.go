package session

import "testing"

func TestDeviceName(t *testing.T) {
	for agent, want := range map[string]string{
		"":                             "unknown device",
		"   ":                          "unknown device",
		"curl/8.5.0":                   "curl",
		"node":                         "node",
		"axios/1.7.2":                  "axios",
		"okhttp/4.12.0":                "okhttp",
		"Go-http-client/2.0":           "Go-http-client",
		"MyApp/1.0 (iPhone; iOS 17.0)": "MyApp on iOS",
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0":                                                                  "Firefox on Linux",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15":                   "Safari on macOS",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1": "Safari on iOS",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0":           "Edge on Windows",
		"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36":                         "Chrome on Android",
	} {
		if got := (Device{UserAgent: agent}).Name(); got != want {
			t.Errorf("%q: %q, want %q", agent, got, want)
		}
	}
}
