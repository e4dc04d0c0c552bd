package user

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestKeyIsTheSameForOnePersonsSpellings(t *testing.T) {
	for _, group := range [][]string{
		{"alice@example.com", "Alice@Example.COM", "  alice@example.com\r\n", "ａｌｉｃｅ＠ｅｘａｍｐｌｅ．ｃｏｍ"},
		{"jose\u0301@example.com", "jos\u00e9@example.com", "JOSÉ@EXAMPLE.COM"},
		{"\u212aelvin", "kelvin", "KELVIN"}, // the Kelvin sign
		{"J\u030c", "\u01f0"},               // only the small letter exists in one piece
	} {
		for _, spelling := range group[1:] {
			if Key(spelling) != Key(group[0]) {
				t.Errorf("Key(%q) = %q, Key(%q) = %q", spelling, Key(spelling), group[0], Key(group[0]))
			}
		}
	}
}

func TestKeyKeepsPeopleApart(t *testing.T) {
	for _, pair := range [][2]string{
		{"alice@example.com", "alice+news@example.com"}, // what a plus means is the business of the mail server
		{"a.lice@example.com", "alice@example.com"},
		{"alice", "alice@example.com"},
		{"jose@example.com", "josé@example.com"},
	} {
		if Key(pair[0]) == Key(pair[1]) {
			t.Errorf("%q and %q have the same key", pair[0], pair[1])
		}
	}
}

// A store may be handed a key twice folded, and a new table must not move a key.
func TestKeyOfAKeyIsTheKey(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !unicode.IsGraphic(r) || unicode.Is(unicode.Han, r) || unicode.Is(unicode.Hangul, r) { // nothing to fold, and many
			continue
		}
		for _, s := range []string{string(r), "i" + string(r), string(r) + "\u0307"} {
			if key := Key(s); Key(key) != key {
				t.Fatalf("%U: Key(%q) = %q, whose key is %q", r, s, key, Key(key))
			}
		}
	}
}

func TestWhatIsNotTextFindsNobody(t *testing.T) {
	for _, s := range []string{"alice\xff@example.com", "ali\x00ce@example.com", "\xc0\x80"} {
		key := Key(s)
		if !utf8.ValidString(key) || strings.Contains(key, "\x00") {
			t.Errorf("Key(%q) = %q is not text that every database takes", s, key)
		}
		if _, err := ParseEmail(key); err == nil {
			t.Errorf("Key(%q) = %q could be somebody's email", s, key)
		}
	}
}

func FuzzKey(f *testing.F) {
	for _, s := range []string{"", "Alice@Example.com", "\u0130", "\uFDFA", "a\x00\xff", "ΑΙ\u0345", "\u13a0\u0345"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		key := Key(s)
		if Key(key) != key {
			t.Errorf("the key %q of %q has the key %q", key, s, Key(key))
		}
		if !utf8.ValidString(key) || strings.Contains(key, "\x00") || !norm.NFKC.IsNormalString(key) {
			t.Errorf("Key(%q) = %q", s, key)
		}
	})
}
