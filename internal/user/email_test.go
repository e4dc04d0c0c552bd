package user

import (
	"errors"
	"net/mail"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestParseEmailKeepsWhatThePersonWrote(t *testing.T) {
	for _, tt := range []struct{ given, kept string }{
		{"alice@example.com", "alice@example.com"},
		{" Alice@Example.com\n", "Alice@Example.com"},
		{"o'brien+news=weekly@mail.example.co.uk", "o'brien+news=weekly@mail.example.co.uk"},
		{"dev@localhost", "dev@localhost"},
		{"jose\u0301@example.com", "josé@example.com"},
		{"用户@例子.广告", "用户@例子.广告"},
		{"अजय@डाटा.भारत", "अजय@डाटा.भारत"},
		{"a@xn--bcher-kva.example", "a@xn--bcher-kva.example"},
		{strings.Repeat("a", 64) + "@example.com", strings.Repeat("a", 64) + "@example.com"},
		{"a@" + strings.Repeat("b.", 125) + "de", "a@" + strings.Repeat("b.", 125) + "de"}, // 254 bytes
	} {
		if kept, err := ParseEmail(tt.given); err != nil || kept != tt.kept {
			t.Errorf("ParseEmail(%q) = %q, %v", tt.given, kept, err)
		}
	}
}

func TestParseEmailRefuses(t *testing.T) {
	for name, given := range map[string]string{
		"nothing":                      " ",
		"no at":                        "alice.example.com",
		"two ats":                      "alice@example.com@evil.example",
		"a fullwidth at":               "alice＠example.com",
		"a second address":             "alice@example.com,eve@evil.example",
		"a second line":                "alice@example.com\r\nBcc: eve@evil.example",
		"a display name":               "Alice <alice@example.com>",
		"a comment":                    "alice(work)@example.com",
		"a quoted local part":          `"alice smith"@example.com`,
		"an address literal":           "alice@[192.0.2.1]",
		"an address as a name":         "alice@192.0.2.1",
		"a space":                      "alice smith@example.com",
		"a no-break space":             "alice\u00a0smith@example.com",
		"a zero-width space":           "ali\u200bce@example.com",
		"a direction override":         "ali\u202ece@example.com",
		"a control character":          "ali\x07ce@example.com",
		"bytes that are not UTF-8":     "ali\xffce@example.com",
		"the replacement character":    "ali\ufffdce@example.com",
		"a letter that folds to words": "\ufdfa@example.com",
		"an empty local part":          "@example.com",
		"a leading dot":                ".alice@example.com",
		"a double dot":                 "al..ice@example.com",
		"a trailing dot":               "alice.@example.com",
		"no domain":                    "alice@",
		"a domain without a dot":       "alice@intranet",
		"a domain that ends in a dot":  "alice@example.com.",
		"a label that begins with -":   "alice@-example.com",
		"a label that ends with -":     "alice@example-.com",
		"an underscore in the domain":  "alice@ex_ample.com",
		"a label of 64":                "alice@" + strings.Repeat("a", 64) + ".com",
		"a local part of 65":           strings.Repeat("a", 65) + "@example.com",
		"255 bytes":                    "aa@" + strings.Repeat("b.", 125) + "de",
		"a megabyte":                   strings.Repeat("a", 1<<20) + "@example.com",
	} {
		kept, err := ParseEmail(given)
		var bad *InvalidError
		if !errors.As(err, &bad) || kept != "" {
			t.Errorf("%s: ParseEmail = %q, %v", name, kept, err)
			continue
		}
		if bad.Field != "email" || bad.Detail == "" || bad.Fix == "" {
			t.Errorf("%s: %+v", name, bad)
		}
	}
}

func FuzzParseEmail(f *testing.F) {
	for _, s := range []string{"alice@example.com", "a b@c.d", "用户@例子.广告", "\ufdfa@a.b", "a@\u2488b.c", "a@b.c\r\n", "\u0130@i.am"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		kept, err := ParseEmail(s)
		if err != nil {
			return
		}
		if again, err := ParseEmail(kept); again != kept || err != nil {
			t.Errorf("%q is kept as %q, which is kept as %q, %v", s, kept, again, err)
		}
		key := Key(kept)
		if Key(s) != key || len(key) > MaxEmail || strings.Count(key, "@") != 1 || strings.ContainsAny(key, " \r\n\t<>,;:()[]\"\\\x00") {
			t.Errorf("%q has the key %q", s, key)
		}
		// Whoever sends the mail must read the same mailbox.
		if parsed, err := mail.ParseAddress(kept); err != nil || parsed.Address != kept || !utf8.ValidString(kept) {
			t.Errorf("net/mail reads %q as %v, %v", kept, parsed, err)
		}
	})
}
