package jws_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/mayfly-auth/mayfly/internal/jws"
)

const (
	ecPoint = `"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"`
	edPoint = `"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"`
)

var asymmetric = []jws.Algorithm{jws.ES256, jws.EdDSA, jws.RS256, jws.PS256}

// Another library reads our keys, finds nothing private in them and computes the same RFC 7638 thumbprint.
func TestAPublishedKeyIsPublicAndKnownByItsThumbprint(t *testing.T) {
	for _, alg := range asymmetric {
		t.Run(string(alg), func(t *testing.T) {
			key := newKey(t, alg)
			text, err := key.Public().JWK()
			if err != nil {
				t.Fatal(err)
			}
			var theirs jose.JSONWebKey
			if err := json.Unmarshal(text, &theirs); err != nil {
				t.Fatal(err)
			}
			thumbprint, err := theirs.Thumbprint(crypto.SHA256)
			if err != nil {
				t.Fatal(err)
			}
			if !theirs.IsPublic() || theirs.KeyID != key.ID || encode(thumbprint) != key.ID ||
				theirs.Algorithm != string(alg) || theirs.Use != "sig" {
				t.Errorf("published as %s", text)
			}
			var members map[string]any
			if err := json.Unmarshal(text, &members); err != nil {
				t.Fatal(err)
			}
			allowed := []string{"kty", "crv", "x", "y", "n", "e", "kid", "alg", "use"}
			for name := range members {
				if !slices.Contains(allowed, name) {
					t.Errorf("the key publishes %q", name)
				}
			}
			ours, err := jws.ParseJWK(text)
			if err != nil {
				t.Fatal(err)
			}
			if !accepted(sign(t, key), ours) {
				t.Error("the key that was read back does not verify")
			}
		})
	}
}

func TestAPrivateKeyComesBackFromPKCS8(t *testing.T) {
	for _, alg := range asymmetric {
		key := newKey(t, alg)
		der, err := key.MarshalPKCS8()
		if err != nil {
			t.Fatal(err)
		}
		back, err := jws.ParsePrivateKey(key.ID, alg, der)
		if err != nil {
			t.Fatal(err)
		}
		if back.ID != key.ID || !accepted(sign(t, back), key.Public()) {
			t.Errorf("the %s key came back as another", alg)
		}
		for _, other := range []jws.Algorithm{jws.ES256, jws.EdDSA, jws.HS256, "none"} {
			if other == alg {
				continue
			}
			if _, err := jws.ParsePrivateKey(key.ID, other, der); !errors.Is(err, jws.ErrAlgorithm) {
				t.Errorf("a %s key read as %s: %v, want ErrAlgorithm", alg, other, err)
			}
		}
	}
	if _, err := jws.ParsePrivateKey("k", jws.ES256, []byte("garbage")); !errors.Is(err, jws.ErrKey) {
		t.Errorf("garbage: %v, want ErrKey", err)
	}
}

func TestAPrivateKeyThatIsTooWeakOrOnAnotherCurveIsRefused(t *testing.T) {
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsa1024, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		key  any
		alg  jws.Algorithm
		want error
	}{
		{"P-384", p384, jws.ES256, jws.ErrAlgorithm},
		{"RSA with 1024 bits", rsa1024, jws.RS256, jws.ErrKey},
	} {
		der, err := x509.MarshalPKCS8PrivateKey(c.key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := jws.ParsePrivateKey("k", c.alg, der); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func TestASharedSecretIsLongAndStaysSecret(t *testing.T) {
	_, err := jws.NewSharedSecret("", []byte("mysecretkey"))
	if !errors.Is(err, jws.ErrKey) || !strings.Contains(err.Error(), "openssl rand -base64 32") {
		t.Errorf("a short secret: %v", err)
	}
	if strings.Contains(err.Error(), "mysecretkey") {
		t.Error("the error shows the secret")
	}
	if _, err := jws.NewSharedSecret("", []byte(sharedSecret)[:32]); err != nil {
		t.Errorf("32 characters: %v", err)
	}

	key := newKey(t, jws.HS256)
	if _, err := key.Public().JWK(); !errors.Is(err, jws.ErrKey) {
		t.Errorf("JWK of a shared secret: %v, want ErrKey", err)
	}
	if _, err := jws.MarshalSet([]*jws.PublicKey{key.Public()}); !errors.Is(err, jws.ErrKey) {
		t.Errorf("set with a shared secret: %v, want ErrKey", err)
	}
	if _, err := key.MarshalPKCS8(); !errors.Is(err, jws.ErrKey) {
		t.Errorf("PKCS #8 of a shared secret: %v, want ErrKey", err)
	}
	wrapped := struct{ Key any }{key}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		for _, value := range []any{key, key.Public(), *key.Public(), wrapped} {
			shown := fmt.Sprintf(format, value)
			if strings.Contains(shown, "thirty") || strings.Contains(shown, encodeHex(sharedSecret)) || strings.Contains(shown, "97 32 115") {
				t.Errorf("%s shows the secret", format)
			}
		}
	}
}

func encodeHex(s string) string { return fmt.Sprintf("%x", s)[:20] }

func TestAKeyIsReadOnlyForWhatItIs(t *testing.T) {
	shortRSA := `{"kty":"RSA","alg":"RS256","e":"AQAB","n":"` + encode(slices.Repeat([]byte{0xff}, 128)) + `"}`
	longN := encode(slices.Repeat([]byte{0xff}, 256))
	cases := []struct {
		name, text string
		alg        jws.Algorithm
		want       error
	}{
		{"P-256 without alg", `{` + ecPoint + `}`, jws.ES256, nil},
		{"P-256 with use and key_ops", `{` + ecPoint + `,"use":"sig","key_ops":["verify"],"alg":"ES256"}`, jws.ES256, nil},
		{"Ed25519 without alg", `{` + edPoint + `}`, jws.EdDSA, nil},
		{"Ed25519 by its new name", `{` + edPoint + `,"alg":"Ed25519"}`, jws.EdDSA, nil},
		{"RSA for PS256", `{"kty":"RSA","alg":"PS256","e":"AQAB","n":"` + longN + `"}`, jws.PS256, nil},
		{"RSA without alg", `{"kty":"RSA","e":"AQAB","n":"` + longN + `"}`, "", jws.ErrAlgorithm},
		{"RSA for ES256", `{"kty":"RSA","alg":"ES256","e":"AQAB","n":"` + longN + `"}`, "", jws.ErrAlgorithm},
		{"RSA for HS256", `{"kty":"RSA","alg":"HS256","e":"AQAB","n":"` + longN + `"}`, "", jws.ErrAlgorithm},
		{"RSA with 1024 bits", shortRSA, "", jws.ErrKey},
		{"RSA with exponent 1", `{"kty":"RSA","alg":"RS256","e":"AQ","n":"` + longN + `"}`, "", jws.ErrMalformed},
		{"RSA with an even exponent", `{"kty":"RSA","alg":"RS256","e":"BA","n":"` + longN + `"}`, "", jws.ErrMalformed},
		{"RSA with a leading zero", `{"kty":"RSA","alg":"RS256","e":"AQAB","n":"AA` + longN + `"}`, "", jws.ErrMalformed},
		{"P-256 for EdDSA", `{` + ecPoint + `,"alg":"EdDSA"}`, "", jws.ErrAlgorithm},
		{"P-256 for ES384", `{` + ecPoint + `,"alg":"ES384"}`, "", jws.ErrAlgorithm},
		{"P-384", strings.ReplaceAll(`{`+ecPoint+`}`, "P-256", "P-384"), "", jws.ErrAlgorithm},
		{"X25519", strings.ReplaceAll(`{`+edPoint+`}`, "Ed25519", "X25519"), "", jws.ErrAlgorithm},
		{"a point off the curve", strings.Replace(`{`+ecPoint+`}`, "f83O", "f84O", 1), "", jws.ErrMalformed},
		{"a short coordinate", strings.Replace(`{`+ecPoint+`}`, "f83O", "", 1), "", jws.ErrMalformed},
		{"a short Ed25519 key", strings.Replace(`{`+edPoint+`}`, "11qY", "", 1), "", jws.ErrMalformed},
		{"for encryption", `{` + ecPoint + `,"use":"enc"}`, "", jws.ErrAlgorithm},
		{"for key agreement", `{` + ecPoint + `,"key_ops":["deriveKey"]}`, "", jws.ErrAlgorithm},
		{"an unknown kind", `{"kty":"AKP","alg":"ML-DSA-44","pub":"AAAA"}`, "", jws.ErrAlgorithm},
		{"no kind", `{"crv":"P-256"}`, "", jws.ErrMalformed},
		{"a secret", `{"kty":"oct","k":"c2VjcmV0"}`, "", jws.ErrKey},
		{"a private key", `{` + ecPoint + `,"d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}`, "", jws.ErrKey},
		{"a member twice", `{` + ecPoint + `,"kty":"EC"}`, "", jws.ErrMalformed},
		{"a kid that is a number", `{` + ecPoint + `,"kid":1}`, "", jws.ErrMalformed},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			key, err := jws.ParseJWK([]byte(c.text))
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if err == nil && key.Algorithm != c.alg {
				t.Errorf("the algorithm is %s, want %s", key.Algorithm, c.alg)
			}
		})
	}
}

func TestASetSkipsStrangersAndRefusesLeaks(t *testing.T) {
	a, b := `{`+ecPoint+`,"kid":"a"}`, `{`+edPoint+`,"kid":"b"}`
	stranger := `{"kty":"AKP","alg":"ML-DSA-44","pub":"AAAA","kid":"a"}`
	cases := []struct {
		name, text string
		ids        []string
		want       error
	}{
		{"two keys", `{"keys":[` + a + `,` + b + `]}`, []string{"a", "b"}, nil},
		{"none", `{"keys":[]}`, []string{}, nil},
		{"an unknown kind among them", `{"keys":[` + stranger + `,` + a + `],"other":1}`, []string{"a"}, nil},
		{"a broken one among them", `{"keys":[{"kty":"EC","crv":"P-256"},7,` + b + `]}`, []string{"b"}, nil},
		{"one kid twice", `{"keys":[` + a + `,{` + edPoint + `,"kid":"a"}]}`, nil, jws.ErrKey},
		{"no kid twice", `{"keys":[{` + ecPoint + `},{` + edPoint + `}]}`, nil, jws.ErrKey},
		{"a shared secret", `{"keys":[` + a + `,{"kty":"oct","k":"c2VjcmV0"}]}`, nil, jws.ErrKey},
		{"a private key", `{"keys":[{` + edPoint + `,"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}]}`, nil, jws.ErrKey},
		{"a private key of an unknown kind", `{"keys":[{"kty":"AKP","priv":"AAAA"}]}`, nil, jws.ErrKey},
		{"no list", `{}`, nil, jws.ErrMalformed},
		{"null for a list", `{"keys":null}`, nil, jws.ErrMalformed},
		{"an object for a list", `{"keys":{}}`, nil, jws.ErrMalformed},
		{"two lists", `{"keys":[],"keys":[]}`, nil, jws.ErrMalformed},
		{"a list on its own", `[]`, nil, jws.ErrMalformed},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			keys, err := jws.ParseSet([]byte(c.text))
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if err != nil {
				return
			}
			ids := []string{}
			for _, k := range keys {
				ids = append(ids, k.ID)
			}
			if !slices.Equal(ids, c.ids) {
				t.Errorf("read %q, want %q", ids, c.ids)
			}
		})
	}
}

func TestASetComesBackAsItWasWritten(t *testing.T) {
	var keys []*jws.PublicKey
	for _, alg := range asymmetric {
		keys = append(keys, newKey(t, alg).Public())
	}
	text, err := jws.MarshalSet(keys)
	if err != nil {
		t.Fatal(err)
	}
	back, err := jws.ParseSet(text)
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range keys {
		if back[i].ID != k.ID || back[i].Algorithm != k.Algorithm {
			t.Errorf("%v came back as %v", k, back[i])
		}
	}
	if _, err := jws.MarshalSet(append(keys, keys[0])); !errors.Is(err, jws.ErrKey) {
		t.Errorf("one kid twice: %v, want ErrKey", err)
	}
	if empty, err := jws.MarshalSet(nil); err != nil || string(empty) != `{"keys":[]}` {
		t.Errorf("the empty set is %s, %v", empty, err)
	}
}
