package jws_test

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/mayfly-auth/mayfly/internal/jws"
)

// FuzzParse: nothing that comes from outside makes Parse panic, and a token that it accepts has exactly one spelling,
// the one that its own parts give when they are encoded again.
func FuzzParse(f *testing.F) {
	for _, alg := range []jws.Algorithm{jws.ES256, jws.EdDSA, jws.HS256} {
		f.Add(sign(f, newKey(f, alg)))
	}
	for _, seed := range []string{"", "..", "a.b.c", "e30.e30.AA", forge(`{"alg":"HS256","crit":[]}`), "eyJhbGciOiJub25lIn0.e30.", "{}\n"} {
		f.Add(seed)
	}
	shared := newKey(f, jws.HS256).Public()
	f.Fuzz(func(t *testing.T, text string) {
		token, err := jws.Parse(text)
		if err != nil {
			return
		}
		header, body, signature := split(t, text)
		if !token.Header.Algorithm.Valid() || len(text) > jws.MaxLength {
			t.Fatal("a token was accepted that must not be")
		}
		if encode(token.Payload) != body || encode(decode(t, header)) != header || encode(decode(t, signature)) != signature {
			t.Fatalf("%q has another spelling", text)
		}
		if token.Verify(shared) == nil && !strings.HasSuffix(forgeWith(string(decode(t, header)), string(token.Payload), []byte(sharedSecret)), signature) {
			t.Fatalf("%q is accepted without the secret", text)
		}
	})
}

// strictnesses are the reasons for which we may refuse what go-jose accepts: each is a choice told at Parse or at
// DecodeObject. Any other disagreement is a bug on one side.
var strictnesses = []string{
	"the header carries ",
	"is not a string",
	"the token is too long",
	"none of them empty",
	"line breaks",
	"not canonical base64url",
	"the JSON is not UTF-8",
	"nested too deep",
	"half a surrogate pair",
}

// FuzzDifferential signs any header and payload correctly, damages the token at will, and compares with go-jose: what we
// accept it accepts with the same payload, and where only we refuse it is for one of the strictnesses.
func FuzzDifferential(f *testing.F) {
	for _, header := range []string{
		`{"alg":"ES256"}`, `{"alg":"ES256","kid":"k","typ":"at+jwt"}`, `{"alg":"ES256","crit":[]}`, `{"alg":"ES256","jku":"x"}`,
		`{"alg":"ES256","jwk":{}}`, `{"alg":"ES256","b64":true}`, `{"alg":"ES256","alg":"ES256"}`, `{"alg":"ES256","x":"\ud800"}`, `{"alg":"HS256"}`,
	} {
		f.Add([]byte(header), []byte(payload), 0, byte(0))
	}
	f.Add([]byte(`{"alg":"HS256","typ":"JWT"}`), []byte(`{}`), 40, byte('\n'))
	f.Add([]byte(`{"alg":"HS256","x5c":["AA"]}`), []byte(``), 20, byte('='))

	es, hs := newKey(f, jws.ES256), newKey(f, jws.HS256)
	ecdsaKey := ecdsaKey(f, es)
	f.Fuzz(func(t *testing.T, header, body []byte, at int, insert byte) {
		public, oracle := hs.Public(), any([]byte(sharedSecret))
		text := forgeWith(string(header), string(body), []byte(sharedSecret))
		if bytes.Contains(header, []byte("ES256")) {
			public, oracle = es.Public(), &ecdsaKey.PublicKey
			input := encode(header) + "." + encode(body)
			digest := sha256.Sum256([]byte(input))
			der, err := ecdsaKey.Sign(nil, digest[:], crypto.SHA256)
			if err != nil {
				t.Fatal(err)
			}
			text = input + "." + encode(rawSignature(t, der))
		}
		if insert != 0 && at > 0 && at < len(text) {
			text = text[:at] + string([]byte{insert}) + text[at:]
		}

		token, err := jws.Parse(text)
		if err == nil {
			err = token.Verify(public)
		}
		theirs, theirErr := verifyWithGoJose(text, oracle)
		switch {
		case err == nil && theirErr != nil:
			if !stricterOracle(header) {
				t.Fatalf("only we accept %q: %v", text, theirErr)
			}
		case err == nil && !bytes.Equal(theirs, token.Payload):
			t.Fatalf("%q: payload %q, go-jose sees %q", text, token.Payload, theirs)
		case err != nil && theirErr == nil:
			for _, reason := range strictnesses {
				if strings.Contains(err.Error(), reason) {
					return
				}
			}
			t.Fatalf("only we refuse %q, header %q: %v", text, header, err)
		}
	})
}

// stricterOracle names what go-jose refuses and RFC 7515 tells us to ignore: header members that it knows, such as
// nonce or x5t, with a value of another type than it expects.
func stricterOracle(header []byte) bool {
	var members map[string]json.RawMessage
	if json.Unmarshal(header, &members) != nil {
		return false
	}
	for _, name := range []string{"nonce", "cty", "iv", "tag", "enc", "epk", "apu", "apv", "p2c", "p2s", "x5t", "x5t#S256"} {
		if _, ok := members[name]; ok {
			return true
		}
	}
	return false
}

func verifyWithGoJose(text string, key any) ([]byte, error) {
	parsed, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.ES256, jose.HS256})
	if err != nil {
		return nil, err
	}
	return parsed.Verify(key)
}

// rawSignature turns DER into r and s by a road of its own: the parser of ASN.1 and big integers.
func rawSignature(tb testing.TB, der []byte) []byte {
	tb.Helper()
	var n struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &n); err != nil {
		tb.Fatal(err)
	}
	raw := make([]byte, 64)
	n.R.FillBytes(raw[:32])
	n.S.FillBytes(raw[32:])
	return raw
}
