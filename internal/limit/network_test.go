package limit

import (
	"strings"
	"testing"
)

// People type their password into the field for the name. What they typed must not be found in the database, not even by
// somebody who guesses it, unless they have the key as well.
func TestKeysInTheStoreSayNothing(t *testing.T) {
	keyed, other := names{[]byte("one key")}, names{[]byte("another")}
	got := keyed.of("account", "correct horse battery staple")
	if strings.Contains(got, "horse") || len(got) > 32 {
		t.Errorf("the key is %q", got)
	}
	if got == other.of("account", "correct horse battery staple") || got == (names{}).of("account", "correct horse battery staple") {
		t.Error("the key of the store does not depend on ours")
	}
}

func TestKeysAreOnlyTheSameForTheSame(t *testing.T) {
	seen := make(map[string][]string)
	for _, parts := range [][]string{
		{"place", "ab", "c"},
		{"place", "a", "bc"},
		{"place", "abc"},
		{"place", "abc", ""},
		{"account", "abc"},
		{"placeabc"},
		{"place", "ab\x00c"},
		{"home", "ab", "c"},
	} {
		key := names{}.of(parts[0], parts[1:]...)
		if before, found := seen[key]; found {
			t.Errorf("%q and %q have one key", before, parts)
		}
		seen[key] = parts
	}
}
