package accesstoken_test

import (
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
	"github.com/mayfly-auth/mayfly/internal/jws"
)

var rules = accesstoken.Rules{Issuer: issuer, Audience: audience, Now: func() time.Time { return epoch }}

// signed makes a token of any payload, so that nothing but the rules can refuse it.
func signed(tb testing.TB, typ string, body []byte) *jws.Token {
	tb.Helper()
	text, err := jws.Sign(sharedRing(tb).key, typ, body)
	if err != nil {
		tb.Fatal(err)
	}
	t, err := jws.Parse(text)
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

// goodClaims are the fewest that a token needs.
func goodClaims() map[string]any {
	return map[string]any{
		"iss": issuer, "aud": audience, "sub": "u", "client_id": "web", "jti": "j", "iat": epoch.Unix(), "exp": epoch.Unix() + 600,
	}
}

func TestTheRulesRefuseWhatIsNotMeantForUs(t *testing.T) {
	unix := epoch.Unix()
	gone := new(int) // takes the claim away
	cases := []struct {
		name    string
		changes map[string]any
		want    error
	}{
		{"the fewest claims", nil, nil},
		{"a list of audiences", map[string]any{"aud": []string{"x", audience}}, nil},
		{"a fraction of a second", map[string]any{"exp": float64(unix) + 0.5, "iat": float64(unix) - 0.5}, nil},
		{"nbf now", map[string]any{"nbf": unix}, nil},
		{"claims that we do not know", map[string]any{"foo": []int{1}, "email": 7, "roles": "admin", "name": nil}, nil},

		{"another issuer", map[string]any{"iss": issuer + "/"}, accesstoken.ErrWrongIssuer},
		{"an issuer in capitals", map[string]any{"iss": strings.ToUpper(issuer)}, accesstoken.ErrWrongIssuer},
		{"an issuer that is a list", map[string]any{"iss": []string{issuer}}, accesstoken.ErrMalformed},
		{"another audience", map[string]any{"aud": "https://other.example.com"}, accesstoken.ErrWrongAudience},
		{"an audience that begins alike", map[string]any{"aud": audience + ".evil.example"}, accesstoken.ErrWrongAudience},
		{"no audience in the list", map[string]any{"aud": []string{}}, accesstoken.ErrWrongAudience},
		{"null in the audience", map[string]any{"aud": []any{audience, nil}}, accesstoken.ErrMalformed},
		{"an audience that is a number", map[string]any{"aud": 7}, accesstoken.ErrMalformed},
		{"an audience that is null", map[string]any{"aud": nil}, accesstoken.ErrMalformed},

		{"expired within the leeway", map[string]any{"iat": unix - 600, "exp": unix - 29}, nil},
		{"expired at the leeway", map[string]any{"iat": unix - 600, "exp": unix - 30}, accesstoken.ErrExpired},
		{"expired long ago", map[string]any{"iat": unix - 6000, "exp": unix - 600}, accesstoken.ErrExpired},
		{"expired in 1970", map[string]any{"iat": 0, "exp": 0}, accesstoken.ErrExpired},
		{"issued within the leeway", map[string]any{"iat": unix + 30}, nil},
		{"issued in the future", map[string]any{"iat": unix + 31}, accesstoken.ErrNotYetValid},
		{"nbf within the leeway", map[string]any{"nbf": unix + 30}, nil},
		{"nbf in the future", map[string]any{"nbf": unix + 31}, accesstoken.ErrNotYetValid},
		{"issued after it expires", map[string]any{"iat": unix + 20, "exp": unix + 10}, accesstoken.ErrMalformed},
		{"exp as text", map[string]any{"exp": "1790000600"}, accesstoken.ErrMalformed},
		{"exp null", map[string]any{"exp": nil}, accesstoken.ErrMalformed},
		{"exp beyond the calendar", map[string]any{"exp": 1e12}, accesstoken.ErrMalformed},
		{"exp beyond an int64", map[string]any{"exp": json.RawMessage(`92233720368547758070`)}, accesstoken.ErrMalformed},
		{"exp beyond a float", map[string]any{"exp": json.RawMessage(`1e999`)}, accesstoken.ErrMalformed},
		{"exp negative", map[string]any{"exp": -1}, accesstoken.ErrMalformed},
		{"iat a little before 1970", map[string]any{"iat": -0.5}, accesstoken.ErrMalformed},
		{"nbf as text", map[string]any{"nbf": "0"}, accesstoken.ErrMalformed},

		{"no iss", map[string]any{"iss": gone}, accesstoken.ErrMalformed},
		{"no aud", map[string]any{"aud": gone}, accesstoken.ErrMalformed},
		{"no sub", map[string]any{"sub": gone}, accesstoken.ErrMalformed},
		{"no exp", map[string]any{"exp": gone}, accesstoken.ErrMalformed},
		{"no iat", map[string]any{"iat": gone}, accesstoken.ErrMalformed},
		{"no jti", map[string]any{"jti": gone}, accesstoken.ErrMalformed},
		{"no client_id", map[string]any{"client_id": gone}, accesstoken.ErrMalformed},
		{"an empty sub", map[string]any{"sub": ""}, accesstoken.ErrMalformed},
		{"an empty jti", map[string]any{"jti": ""}, accesstoken.ErrMalformed},
		{"a sub that is a number", map[string]any{"sub": 7}, accesstoken.ErrMalformed},
		{"a sid that is an object", map[string]any{"sid": map[string]any{}}, accesstoken.ErrMalformed},
		{"an amr that is no list", map[string]any{"amr": "pwd"}, accesstoken.ErrMalformed},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			members := goodClaims()
			maps.Copy(members, c.changes)
			maps.DeleteFunc(members, func(_ string, value any) bool { return value == any(gone) })
			body, err := json.Marshal(members)
			if err != nil {
				t.Fatal(err)
			}
			claims, err := rules.Check(signed(t, accesstoken.Type, body))
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			withClaims := err == nil || errors.Is(err, accesstoken.ErrExpired)
			if withClaims != (claims.Subject == "u") || withClaims == reflect.DeepEqual(claims, accesstoken.Claims{}) {
				t.Errorf("with %v come the claims %+v", err, claims)
			}
		})
	}
}

// RFC 8725 section 3.11, STD-15 and 26: no other kind of token passes for an access token.
func TestOnlyTheTypeOfAnAccessTokenIsAccepted(t *testing.T) {
	body, err := json.Marshal(goodClaims())
	if err != nil {
		t.Fatal(err)
	}
	for typ, want := range map[string]error{
		"at+jwt": nil, "AT+JWT": nil, "application/at+jwt": nil, "Application/At+Jwt": nil,
		"": accesstoken.ErrWrongType, "JWT": accesstoken.ErrWrongType, "at+jwt ": accesstoken.ErrWrongType, "at": accesstoken.ErrWrongType,
		"application/jwt": accesstoken.ErrWrongType, "text/at+jwt": accesstoken.ErrWrongType, "logout+jwt": accesstoken.ErrWrongType,
		"dpop+jwt": accesstoken.ErrWrongType, "dbsc+jwt": accesstoken.ErrWrongType, "secevent+jwt": accesstoken.ErrWrongType,
		"statuslist+jwt": accesstoken.ErrWrongType, "id_token+jwt": accesstoken.ErrWrongType, "at\u212fwt": accesstoken.ErrWrongType,
	} {
		if _, err := rules.Check(signed(t, typ, body)); !errors.Is(err, want) {
			t.Errorf("typ %q: %v, want %v", typ, err, want)
		}
	}
}

func TestAPayloadThatIsNoStrictObjectIsMalformed(t *testing.T) {
	for _, body := range []string{
		`null`, `[]`, `"x"`, `{`, `{"iss":"a","iss":"b"}`, "{\"iss\":\"\xff\"}", `{} {}`,
	} {
		if _, err := rules.Check(signed(t, accesstoken.Type, []byte(body))); !errors.Is(err, accesstoken.ErrMalformed) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestRulesThatWereForgottenAcceptNothing(t *testing.T) {
	members := goodClaims()
	members["aud"] = []string{"", audience}
	body, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	token := signed(t, accesstoken.Type, body)
	now := func() time.Time { return epoch }
	for name, c := range map[string]struct {
		rules accesstoken.Rules
		want  error
	}{
		"no issuer":            {accesstoken.Rules{Audience: audience, Now: now}, accesstoken.ErrWrongIssuer},
		"no audience":          {accesstoken.Rules{Issuer: issuer, Now: now}, accesstoken.ErrWrongAudience},
		"any audience, openly": {accesstoken.Rules{Issuer: issuer, InsecureSkipAudience: true, Now: now}, nil},
	} {
		if _, err := c.rules.Check(token); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if _, err := (accesstoken.Rules{Issuer: issuer, Audience: audience}).Check(token); err == nil && time.Now().After(epoch.Add(time.Hour)) {
		t.Error("without a clock the token of another time is accepted")
	}
}

func TestLeewayIsAsLongAsItSays(t *testing.T) {
	body, err := json.Marshal(goodClaims()) // expires 600 seconds after the epoch
	if err != nil {
		t.Fatal(err)
	}
	token := signed(t, accesstoken.Type, body)
	for _, c := range []struct {
		leeway time.Duration
		lasts  time.Duration
	}{{0, 30 * time.Second}, {-1, 0}, {5 * time.Second, 5 * time.Second}} {
		for _, off := range []time.Duration{-time.Millisecond, 0} {
			at := epoch.Add(600*time.Second + c.lasts + off)
			r := accesstoken.Rules{Issuer: issuer, Audience: audience, Leeway: c.leeway, Now: func() time.Time { return at }}
			if _, err := r.Check(token); errors.Is(err, accesstoken.ErrExpired) != (off == 0) {
				t.Errorf("leeway %v, %v after: %v", c.leeway, c.lasts+off, err)
			}
		}
	}
}

// FuzzCheck signs any payload, so that the claims reader gets what it would get from a careless issuer: it must not
// panic, and what it accepts must satisfy every rule by the reading of encoding/json too.
func FuzzCheck(f *testing.F) {
	body, err := json.Marshal(goodClaims())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	minted, err := jws.Parse(mint(f, newIssuer(f, accesstoken.Config{}), ada()).Token)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(minted.Payload)
	for _, seed := range []string{`{}`, `{"exp":1e10}`, `{"iss":"https://auth.example.com","aud":["https://api.example.com"],"exp":-0.0}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) == 0 || len(body) > 4096 {
			return
		}
		claims, err := rules.Check(signed(t, accesstoken.Type, body))
		if err != nil && !errors.Is(err, accesstoken.ErrExpired) {
			return
		}
		var theirs struct {
			Issuer  string  `json:"iss"`
			Subject string  `json:"sub"`
			ID      string  `json:"jti"`
			Expires float64 `json:"exp"`
			Issued  float64 `json:"iat"`
		}
		if err := json.Unmarshal(body, &theirs); err != nil && !strings.Contains(err.Error(), "cannot unmarshal") {
			t.Fatalf("%s: %v", body, err)
		}
		fresh := theirs.Expires > float64(epoch.Unix()-30)
		if theirs.Issuer != issuer || theirs.Subject != claims.Subject || theirs.ID == "" || (err == nil) != fresh {
			// encoding/json matches names in any case, we do not: then the strict reading stands.
			if strings.Contains(strings.ToLower(string(body)), `"iss"`) && !caseTwins(body) {
				t.Fatalf("%s is read as %+v, %v", body, claims, err)
			}
		}
	})
}

// caseTwins says whether the object has two names that differ only in case.
func caseTwins(body []byte) bool {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return true
	}
	seen := map[string]bool{}
	for name := range members {
		lower := strings.ToLower(name)
		if seen[lower] {
			return true
		}
		seen[lower] = true
	}
	return false
}
