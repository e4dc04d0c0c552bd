package accesstoken_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
	"github.com/mayfly-auth/mayfly/internal/jws"
)

func parseClaims(tb testing.TB, texts ...string) []accesstoken.Claim {
	tb.Helper()
	var claims []accesstoken.Claim
	for _, text := range texts {
		c, err := accesstoken.ParseClaim(text)
		if err != nil {
			tb.Fatal(err)
		}
		claims = append(claims, c)
	}
	return claims
}

func TestClaimsAreRenamedAndAdded(t *testing.T) {
	usual := map[string]any{
		"email": "ada@example.com", "email_verified": true, "preferred_username": "ada", "name": "Ada Lovelace",
		"roles": []any{"admin", "editor"},
	}
	// with returns the usual claims with some changed; nil takes one away.
	with := func(changes map[string]any) map[string]any {
		all := maps.Clone(usual)
		for name, value := range changes {
			if all[name] = value; value == nil {
				delete(all, name)
			}
		}
		return all
	}
	cases := []struct {
		name   string
		claims []string
		want   map[string]any
	}{
		{"none", nil, usual},
		{
			"those of an Express tutorial",
			[]string{"_id=sub", "email=email", "username = username", "fullName=name"},
			with(map[string]any{"_id": ada().User, "username": "ada", "preferred_username": nil, "fullName": "Ada Lovelace", "name": nil}),
		},
		{"one source twice", []string{"mail=email", "email=email"}, with(map[string]any{"mail": "ada@example.com"})},
		{"a name taken by another source", []string{"name=username"}, with(map[string]any{"name": "ada", "preferred_username": nil})},
		{"a flag and a list", []string{"ok=email_verified", "groups=roles"}, with(map[string]any{
			"ok": true, "email_verified": nil, "groups": []any{"admin", "editor"}, "roles": nil,
		})},
		{"a member of metadata", []string{"plan=metadata.plan"}, with(map[string]any{"plan": "pro"})},
		{"a deep one", []string{"t=metadata.billing.tier", "g=metadata.billing.tags"}, with(map[string]any{
			"t": 3.0, "g": []any{"a", map[string]any{"b": nil}},
		})},
		{"metadata instead of the profile", []string{"email=metadata.plan"}, with(map[string]any{"email": "pro"})},
		{"members that are not there", []string{"a=metadata.none", "b=metadata.plan.none", "c=metadata.billing.tags.0"}, usual},
	}
	fixed := []string{"iss", "sub", "aud", "exp", "iat", "jti", "sid", "client_id", "auth_time", "amr", "scope"}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			i := newIssuer(t, accesstoken.Config{Claims: parseClaims(t, c.claims...)})
			token := mint(t, i, ada()).Token
			got := payload(t, token)
			for _, name := range fixed {
				if _, ok := got[name]; !ok {
					t.Errorf("%s is missing", name)
				}
				delete(got, name)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %v\nwant %v", got, c.want)
			}
			if _, err := i.Verify(token); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestMetadataNeverBreaksOutOfItsPlace(t *testing.T) {
	i := newIssuer(t, accesstoken.Config{Claims: parseClaims(t, "a=metadata.a")})
	for _, text := range []string{
		`{"a":1},"sub":"root"`, `{"a":1,"a":2}`, `{"a":}`, `"a"`, `[]`, `{"a":"\ud800"}`, strings.Repeat(`{"a":`, 40) + `1` + strings.Repeat(`}`, 40),
	} {
		s := ada()
		s.Metadata = json.RawMessage(text)
		if m, err := i.Mint(s); err == nil {
			t.Errorf("%s gives %v", text, payload(t, m.Token))
		}
	}
	for _, text := range []string{``, `{}`, ` { "a" : [ 1 , { "x" : "\"}" } ] } `} {
		s := ada()
		s.Metadata = json.RawMessage(text)
		if c, err := i.Verify(mint(t, i, s).Token); err != nil || c.Subject != s.User {
			t.Errorf("%s: %v", text, err)
		}
	}
	// Nobody who maps nothing pays for, or stumbles over, what is in the metadata.
	s := ada()
	s.Metadata = json.RawMessage(`broken`)
	mint(t, newIssuer(t, accesstoken.Config{}), s)
}

func TestClaimsThatWouldBreakTokensAreRefused(t *testing.T) {
	for text, names := range map[string]string{
		"fullName": "fullName", "": "", "=name": "", "a=": "a", "a=nonsense": "nonsense", "a=password": "password",
		"a=metadata": "metadata", "a=metadata.": "a", "a=metadata..b": "a", "a=metadata.b.": "a", "a=metadata..": "a",
		"iss=name": "iss", "sub=metadata.id": "sub", "aud=roles": "aud", "exp=metadata.exp": "exp", "jti=sub": "jti", "sid=sub": "sid",
		"client_id=name": "client_id", "scope=roles": "scope", "nbf=sub": "nbf", "cnf=metadata.key": "cnf", "act=sub": "act",
		"amr=roles": "amr", "auth_time=metadata.a": "auth_time", "iat=metadata.a": "iat",
		"__proto__=metadata.a": "__proto__", "a\nb=name": "", "a\xff=name": "",
		strings.Repeat("a", 65) + "=name": "aaa",
	} {
		c, err := accesstoken.ParseClaim(text)
		if err == nil {
			t.Errorf("%q is read as %+v", text, c)
			continue
		}
		if !strings.Contains(err.Error(), names) || (accesstoken.Claim{}) != c {
			t.Errorf("%q: %+v, %q does not name the claim", text, c, err)
		}
	}
}

// FuzzProfile: whatever people and operators write, the token parses strictly and says what encoding/json would have
// said.
func FuzzProfile(f *testing.F) {
	f.Add("Ada \"the first\" Lovelace", "_id", []byte(`{"a":{"b":[1,2]}}`))
	f.Add("\u2028\xff\x00\\", "a\"b", []byte(`{"a":"\u2029"}`))
	f.Add("", "name", []byte(`{"a":1,"a":2}`))
	keys := sharedRing(f)
	f.Fuzz(func(t *testing.T, text, name string, metadata []byte) {
		claims := []accesstoken.Claim{{Name: name, Source: "metadata.a"}}
		if c, err := accesstoken.ParseClaim(name + "=metadata.a"); err != nil || c != claims[0] {
			claims = nil
		}
		i := newIssuer(t, accesstoken.Config{Keys: keys, Claims: claims})
		s := accesstoken.Subject{User: "u", Username: text, Email: text, Name: text, Roles: []string{text}, Metadata: metadata}
		m, err := i.Mint(s)
		if err != nil {
			return
		}
		c, err := i.Verify(m.Token)
		if err != nil {
			t.Fatal(err)
		}
		clean := encoded(t, text)
		if c.Subject != "u" || (name != "name" && c.Name != clean) || (name != "roles" && !slices.Equal(c.Roles, []string{clean})) {
			t.Fatalf("%q came back as %+v", text, c)
		}
		if claims == nil || len(metadata) == 0 {
			return
		}
		members, err := jws.DecodeObject(metadata)
		if err != nil {
			t.Fatal(err)
		}
		minted, err := jws.Parse(m.Token)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := rules.Check(minted); err != nil || string(members["a"]) != string(c.All[name]) {
			t.Fatalf("%s was put into the token as %s, %v", metadata, c.All[name], err)
		}
	})
}

// encoded sends a string through encoding/json.
func encoded(tb testing.TB, text string) (s string) {
	tb.Helper()
	b, err := json.Marshal(text)
	if err != nil {
		tb.Fatal(err)
	}
	if err := json.Unmarshal(b, &s); err != nil {
		tb.Fatal(err)
	}
	return s
}
