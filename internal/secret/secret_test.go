package secret_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/secret"
)

const (
	first  = "the first secret, which is long enough"
	second = "the second secret, which is long enough"
)

func parse(t *testing.T, texts ...string) secret.List {
	t.Helper()
	list, err := secret.Parse(texts...)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestParse(t *testing.T) {
	short := strings.Repeat("s", secret.MinLength-1)
	for name, test := range map[string]struct {
		texts []string
		keys  int
		wrong string // what the error says
	}{
		"one":                            {[]string{first}, 1, ""},
		"two":                            {[]string{first, second}, 2, ""},
		"just long enough":               {[]string{short + "s"}, 1, ""},
		"empty ones are ignored":         {[]string{"", first, " \n"}, 1, ""},
		"none":                           {nil, 0, "no secret given"},
		"only empty ones":                {[]string{"", "\t"}, 0, "no secret given"},
		"too short":                      {[]string{short}, 0, "secret 1 has 31 characters, at least 32 are needed"},
		"too short without white space":  {[]string{short + "  \n"}, 0, "secret 1 has 31 characters"},
		"the second of two is too short": {[]string{first, short}, 0, "secret 2 has 31 characters"},
	} {
		t.Run(name, func(t *testing.T) {
			list, err := secret.Parse(test.texts...)
			if got := len(list.Derive("a purpose")); got != test.keys {
				t.Errorf("%d keys, want %d", got, test.keys)
			}
			if test.wrong == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.wrong) || !strings.Contains(err.Error(), "openssl rand") {
				t.Errorf("error %v, want %q and how to make one", err, test.wrong)
			}
			if err != nil && strings.Contains(err.Error(), short) {
				t.Error("the error repeats the secret")
			}
		})
	}
}

func TestWhiteSpaceAroundASecretIsNoPartOfIt(t *testing.T) {
	if parse(t, "\n "+first+"\r\n").Derive("p")[0] != parse(t, first).Derive("p")[0] {
		t.Error("a file that ends with a line break is another secret")
	}
}

func TestDeriveDiffersByPurposeAndBySecret(t *testing.T) {
	list := parse(t, first, second)
	seen := map[[32]byte]string{}
	for _, purpose := range []string{"a purpose", "a purpose ", "another purpose", ""} {
		for i, key := range list.Derive(purpose) {
			name := fmt.Sprintf("secret %d for %q", i, purpose)
			if other, ok := seen[key.Bytes]; ok {
				t.Errorf("%s has the key of %s", name, other)
			}
			seen[key.Bytes] = name
		}
	}
}

func TestDeriveKeepsTheOrderOfTheList(t *testing.T) {
	keys := parse(t, first, second).Derive("p")
	if keys[0] != parse(t, first).Derive("p")[0] || keys[1] != parse(t, second).Derive("p")[0] {
		t.Error("the order of the keys is not that of the secrets")
	}
}

// TestDerivedKeysNeverDrift holds a key that was computed by another program: HKDF-SHA256 without salt, the info
// "mayfly " and the purpose, the first of 33 bytes as the ID.
func TestDerivedKeysNeverDrift(t *testing.T) {
	key := parse(t, "the old secret, which is long enough").Derive("refresh token tag v1")[0]
	const want = "ceb906cc92448c90fe3a3b84006d9e3cde83b1f1d52215b1db6056fd87a3f4b4"
	if got := hex.EncodeToString(key.Bytes[:]); key.ID != 0xf9 || got != want {
		t.Errorf("key %x %s, want f9 %s", key.ID, got, want)
	}
}

func TestGenerate(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		text := secret.Generate()
		if seen[text] {
			t.Fatal("made the same secret twice")
		}
		seen[text] = true
		parse(t, text)
	}
}

// TestNothingPrintsASecret prints lists and keys in every way that fmt and JSON have, as themselves and inside of
// other values, also where fmt does not ask for methods: in unexported fields.
func TestNothingPrintsASecret(t *testing.T) {
	list := parse(t, first, second)
	key := list.Derive("p")[0]
	values := map[string]any{
		"list":                   list,
		"pointer to list":        &list,
		"list in a field":        struct{ Secrets secret.List }{list},
		"list in a hidden field": struct{ secrets secret.List }{list},
		"lists in a slice":       []secret.List{list},
		"lists in a map":         map[string]secret.List{"a": list},
		"key":                    key,
		"pointer to key":         &key,
		"keys":                   list.Derive("p"),
		"key in a field":         struct{ Key secret.Key }{key},
	}
	leaks := []string{
		first, hex.EncodeToString([]byte(first)),
		hex.EncodeToString(key.Bytes[:]), fmt.Sprint(key.Bytes[:3])[1:], strings.Trim(fmt.Sprintf("%#v", key.Bytes[:3]), "[]byte{}"),
	}
	for name, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%b", "%U", "%c", "%t"} {
			holdsNone(t, name+" with "+verb, fmt.Sprintf(verb, value), leaks)
		}
		text, err := json.Marshal(value)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		holdsNone(t, name+" as JSON", string(text), leaks)
	}
}

func holdsNone(t *testing.T, name, text string, leaks []string) {
	t.Helper()
	for _, leak := range leaks {
		if strings.Contains(strings.ToLower(text), strings.ToLower(strings.Trim(leak, "[]"))) {
			t.Errorf("%s prints %s", name, text)
		}
	}
}
