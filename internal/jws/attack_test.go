package jws_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/jws"
)

// forge signs any header text with the shared secret, so that nothing but the header can be the reason of a refusal.
func forge(header string) string {
	return forgeWith(header, payload, []byte(sharedSecret))
}

func forgeWith(header, body string, secret []byte) string {
	input := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(body))
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(input))
	return input + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// The attacks on JOSE libraries that RFC 8725, the CVE lists and the Wycheproof project describe: STD-19 to 21, 27, 28.
func TestTheKnownAttacksAreRefused(t *testing.T) {
	shared := newKey(t, jws.HS256).Public()
	es := newKey(t, jws.ES256)
	esToken := sign(t, es)
	esHeader, esBody, esSignature := split(t, esToken)
	rs := newKey(t, jws.RS256)

	if !accepted(forge(`{"alg":"HS256","typ":"JWT","kid":"k","x5t":"ignored","foo":["ignored"]}`), shared) {
		t.Fatal("the forging of these tests does not work: an honest token is refused")
	}

	type attack struct {
		name  string
		token string
		key   *jws.PublicKey
		want  error
	}
	attacks := []attack{
		{"empty signature", esHeader + "." + esBody + ".", es.Public(), jws.ErrMalformed},
		{"no signature part", esHeader + "." + esBody, es.Public(), jws.ErrMalformed},
		{"a fourth part", esToken + ".AAAA", es.Public(), jws.ErrMalformed},
		{"a fourth empty part", esToken + ".", es.Public(), jws.ErrMalformed},
		{"a leading dot", "." + esToken, es.Public(), jws.ErrMalformed},
		{"empty payload", esHeader + ".." + esSignature, es.Public(), jws.ErrMalformed},
		{"nothing", "", es.Public(), jws.ErrMalformed},
		{"five parts of a JWE", "eyJhbGciOiJkaXIifQ....", es.Public(), jws.ErrMalformed},
		{"padding", esToken + "==", es.Public(), jws.ErrMalformed},
		{"trailing newline", esToken + "\n", es.Public(), jws.ErrMalformed},
		{"newline inside", esToken[:40] + "\r\n" + esToken[40:], es.Public(), jws.ErrMalformed},
		{"leading space", " " + esToken, es.Public(), jws.ErrMalformed},
		{"the standard alphabet", esHeader + "." + esBody + ".++//" + esSignature[4:], es.Public(), jws.ErrMalformed},
		{"non-canonical last character", nonCanonical(esToken), es.Public(), jws.ErrMalformed},
		{
			"JSON serialisation",
			fmt.Sprintf(`{"protected":%q,"payload":%q,"signature":%q}`, esHeader, esBody, esSignature),
			es.Public(), jws.ErrMalformed,
		},
		{"a huge token", esHeader + "." + strings.Repeat("A", jws.MaxLength) + "." + esSignature, es.Public(), jws.ErrMalformed},
		{"r and s zero", esHeader + "." + esBody + "." + encode(make([]byte, 64)), es.Public(), jws.ErrSignature},
		{"r zero", esHeader + "." + esBody + "." + encode(append(make([]byte, 32), decode(t, esSignature)[32:]...)), es.Public(), jws.ErrSignature},
		{"s zero", esHeader + "." + esBody + "." + encode(append(decode(t, esSignature)[:32], make([]byte, 32)...)), es.Public(), jws.ErrSignature},
		{"r and s the order of the curve", esHeader + "." + esBody + "." + encode(orderTwice()), es.Public(), jws.ErrSignature},
		{"signature in DER", esHeader + "." + esBody + "." + derSignature(t, esHeader+"."+esBody, es), es.Public(), jws.ErrSignature},
		{"signature of 63 bytes", esHeader + "." + esBody + "." + encode(decode(t, esSignature)[:63]), es.Public(), jws.ErrSignature},
		{"signature of 65 bytes", esHeader + "." + esBody + "." + encode(append(decode(t, esSignature), 0)), es.Public(), jws.ErrSignature},
		{"ES256 made on P-384", p384Token(t), es.Public(), jws.ErrSignature},
		{"RS256 signature under PS256", relabel(t, sign(t, rs), `{"alg":"PS256"}`), newKey(t, jws.PS256).Public(), jws.ErrSignature},
	}
	for _, secret := range publicKeyBytes(t, rs) {
		confused := forgeWith(fmt.Sprintf(`{"alg":"HS256","kid":%q}`, rs.ID), payload, secret)
		attacks = append(attacks, attack{"RS256 public key as HMAC secret", confused, rs.Public(), jws.ErrAlgorithm})
	}
	headers := []struct {
		header string
		want   error
	}{
		{`{"alg":"none"}`, jws.ErrAlgorithm},
		{`{"alg":"None"}`, jws.ErrAlgorithm},
		{`{"alg":"nOnE"}`, jws.ErrAlgorithm},
		{`{"alg":"hs256"}`, jws.ErrAlgorithm},
		{`{"alg":"HS256 "}`, jws.ErrAlgorithm},
		{`{"alg":"HS384"}`, jws.ErrAlgorithm},
		{`{"alg":""}`, jws.ErrAlgorithm},
		{`{}`, jws.ErrAlgorithm},
		{`{"ALG":"HS256"}`, jws.ErrAlgorithm},
		{`{"alg":null}`, jws.ErrMalformed},
		{`{"alg":["HS256"]}`, jws.ErrMalformed},
		{`{"alg":"HS256","kid":7}`, jws.ErrMalformed},
		{`{"alg":"HS256","typ":null}`, jws.ErrMalformed},
		{`{"alg":"HS256","crit":["exp"],"exp":1}`, jws.ErrMalformed},
		{`{"alg":"HS256","crit":[]}`, jws.ErrMalformed},
		{`{"alg":"HS256","crit":null}`, jws.ErrMalformed},
		{`{"alg":"HS256","\u0063rit":[]}`, jws.ErrMalformed},
		{`{"alg":"HS256","b64":false,"crit":["b64"]}`, jws.ErrMalformed},
		{`{"alg":"HS256","b64":true}`, jws.ErrMalformed},
		{`{"alg":"HS256","zip":"DEF"}`, jws.ErrMalformed},
		{`{"alg":"HS256","jku":"https://evil.example/jwks.json"}`, jws.ErrMalformed},
		{`{"alg":"HS256","x5u":"https://evil.example/cert.pem"}`, jws.ErrMalformed},
		{`{"alg":"HS256","x5c":[]}`, jws.ErrMalformed},
		{`{"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"}}`, jws.ErrMalformed},
		{`{"alg":"none","alg":"HS256"}`, jws.ErrMalformed},
		{`{"alg":"HS256","\u0061lg":"HS256"}`, jws.ErrMalformed},
		{`{"alg":"HS256"} `, nil},
		{`{"alg":"HS256"}{}`, jws.ErrMalformed},
		{`{"alg":"HS256",}`, jws.ErrMalformed},
		{`["HS256"]`, jws.ErrMalformed},
		{`"HS256"`, jws.ErrMalformed},
		{"{\"alg\":\"HS256\",\"kid\":\"\xff\"}", jws.ErrMalformed},
		{"\ufeff" + `{"alg":"HS256"}`, jws.ErrMalformed},
	}
	for _, h := range headers {
		attacks = append(attacks, attack{"header " + h.header, forge(h.header), shared, h.want})
	}
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			token, err := jws.Parse(a.token)
			if err == nil {
				err = token.Verify(a.key)
			}
			if !errors.Is(err, a.want) {
				t.Errorf("got %v, want %v", err, a.want)
			}
		})
	}
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func decode(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// nonCanonical spells the same 64 bytes of signature differently: the last character has four unused bits.
func nonCanonical(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, token[len(token)-1])
	return token[:len(token)-1] + alphabet[last+1:last+2]
}

// orderTwice is r = s = n, which is zero to a verifier that reduces before it looks.
func orderTwice() []byte {
	n := elliptic.P256().Params().N.Bytes()
	return append(append([]byte{}, n...), n...)
}

func ecdsaKey(tb testing.TB, key *jws.PrivateKey) *ecdsa.PrivateKey {
	tb.Helper()
	der, err := key.MarshalPKCS8()
	if err != nil {
		tb.Fatal(err)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		tb.Fatal(err)
	}
	return parsed.(*ecdsa.PrivateKey)
}

func derSignature(tb testing.TB, input string, key *jws.PrivateKey) string {
	tb.Helper()
	digest := sha256.Sum256([]byte(input))
	der, err := ecdsaKey(tb, key).Sign(nil, digest[:], crypto.SHA256)
	if err != nil {
		tb.Fatal(err)
	}
	return encode(der)
}

// p384Token is labelled ES256 and signed with r and s of 48 bytes.
func p384Token(tb testing.TB) string {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	input := encode([]byte(`{"alg":"ES256"}`)) + "." + encode([]byte(payload))
	digest := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		tb.Fatal(err)
	}
	signature := make([]byte, 96)
	r.FillBytes(signature[:48])
	s.FillBytes(signature[48:])
	return input + "." + encode(signature)
}

func relabel(tb testing.TB, token, header string) string {
	tb.Helper()
	_, body, signature := split(tb, token)
	return encode([]byte(header)) + "." + body + "." + signature
}

// publicKeyBytes are the forms of a public key that an attacker would try as a secret.
func publicKeyBytes(tb testing.TB, key *jws.PrivateKey) [][]byte {
	tb.Helper()
	jwk, err := key.Public().JWK()
	if err != nil {
		tb.Fatal(err)
	}
	var members map[string]string
	if err := json.Unmarshal(jwk, &members); err != nil {
		tb.Fatal(err)
	}
	private, err := key.MarshalPKCS8()
	if err != nil {
		tb.Fatal(err)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(private)
	if err != nil {
		tb.Fatal(err)
	}
	public := parsed.(crypto.Signer).Public()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		tb.Fatal(err)
	}
	return [][]byte{
		jwk, decode(tb, members["n"]), der,
		pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}),
	}
}
