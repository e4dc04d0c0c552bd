package jws_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/jws"
)

func TestATokenComesBackAsItWasSigned(t *testing.T) {
	for _, alg := range algorithms {
		t.Run(string(alg), func(t *testing.T) {
			key := newKey(t, alg)
			token, err := jws.Parse(sign(t, key))
			if err != nil {
				t.Fatal(err)
			}
			if err := token.Verify(key.Public()); err != nil {
				t.Fatal(err)
			}
			if string(token.Payload) != payload {
				t.Errorf("the payload came back as %s", token.Payload)
			}
			if want := (jws.Header{Algorithm: alg, KeyID: key.ID, Type: "at+jwt"}); token.Header != want {
				t.Errorf("the header is %+v, want %+v", token.Header, want)
			}
		})
	}
}

func TestAKeyVerifiesOnlyItsOwnTokens(t *testing.T) {
	for _, alg := range algorithms {
		t.Run(string(alg), func(t *testing.T) {
			token, err := jws.Parse(sign(t, newKey(t, alg)))
			if err != nil {
				t.Fatal(err)
			}
			var other *jws.PrivateKey
			if alg == jws.HS256 {
				other, err = jws.NewSharedSecret("shared", []byte(strings.ToUpper(sharedSecret)))
			} else {
				other, err = jws.GenerateKey(alg)
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := token.Verify(other.Public()); !errors.Is(err, jws.ErrSignature) {
				t.Errorf("another key says %v, want ErrSignature", err)
			}
			for _, foreign := range algorithms {
				if foreign == alg {
					continue
				}
				if err := token.Verify(newKey(t, foreign).Public()); !errors.Is(err, jws.ErrAlgorithm) {
					t.Errorf("a %s key says %v, want ErrAlgorithm", foreign, err)
				}
			}
			for name, none := range map[string]*jws.PublicKey{"nil": nil, "zero": {Algorithm: alg}} {
				if err := token.Verify(none); !errors.Is(err, jws.ErrAlgorithm) {
					t.Errorf("a %s key says %v, want ErrAlgorithm", name, err)
				}
			}
		})
	}
}

// An RSA key pair whose PublicKey was turned to the other RSA algorithm by hand still serves only its own.
func TestAChangedAlgorithmFieldDoesNotMakeASecondAlgorithm(t *testing.T) {
	key := newKey(t, jws.PS256)
	token, err := jws.Parse(sign(t, key))
	if err != nil {
		t.Fatal(err)
	}
	der, err := key.MarshalPKCS8()
	if err != nil {
		t.Fatal(err)
	}
	same, err := jws.ParsePrivateKey(key.ID, jws.RS256, der)
	if err != nil {
		t.Fatal(err)
	}
	public := same.Public()
	public.Algorithm = jws.PS256
	if err := token.Verify(public); !errors.Is(err, jws.ErrSignature) {
		t.Errorf("got %v, want ErrSignature", err)
	}
}

func TestSigningTheSameTwiceGivesTheSameToken(t *testing.T) {
	for _, alg := range []jws.Algorithm{jws.ES256, jws.EdDSA, jws.RS256, jws.HS256} {
		key := newKey(t, alg)
		if first, second := sign(t, key), sign(t, key); first != second {
			t.Errorf("%s is not deterministic", alg)
		}
	}
}

func TestTheHeaderFollowsTheKeyAndTheType(t *testing.T) {
	anonymous, err := jws.NewSharedSecret("", []byte(sharedSecret))
	if err != nil {
		t.Fatal(err)
	}
	quoted, err := jws.NewSharedSecret(`a "quoted" id`, []byte(sharedSecret))
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name, typ, want string
		key             *jws.PrivateKey
	}{
		{"no kid, no typ", "", `{"alg":"HS256"}`, anonymous},
		{"a typ", "at+jwt", `{"alg":"HS256","typ":"at+jwt"}`, anonymous},
		{"another typ after it", "logout+jwt", `{"alg":"HS256","typ":"logout+jwt"}`, anonymous},
		{"an id to be escaped", "", `{"alg":"HS256","kid":"a \"quoted\" id"}`, quoted},
	}
	for _, c := range cases {
		token, err := jws.Sign(c.key, c.typ, []byte(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		header, _, _ := split(t, token)
		got, err := base64.RawURLEncoding.DecodeString(header)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: the header is %s, want %s", c.name, got, c.want)
		}
	}
}

func TestSignRefusesWhatParseWouldRefuse(t *testing.T) {
	key := newKey(t, jws.ES256)
	for name, body := range map[string][]byte{
		"no payload":       nil,
		"a payload of 8 k": []byte(strings.Repeat("x", jws.MaxLength)),
	} {
		if token, err := jws.Sign(key, "at+jwt", body); !errors.Is(err, jws.ErrMalformed) {
			t.Errorf("%s: got %q, %v, want ErrMalformed", name, token, err)
		}
	}
	if _, err := jws.Sign(&jws.PrivateKey{Algorithm: jws.ES256}, "", []byte("{}")); !errors.Is(err, jws.ErrKey) {
		t.Errorf("a key that nobody made: got %v, want ErrKey", err)
	}
}

// Every position of a token is replaced by bytes that stay in the alphabet, that leave it and that sit at its edges;
// taken out; and doubled.
func TestPromise22_NoChangedByteIsAccepted(t *testing.T) {
	const replacements = "AaZz09-_.=+/ \n\r\t\"{\x00\x7f\x80\xff"
	for _, alg := range algorithms {
		t.Run(string(alg), func(t *testing.T) {
			t.Parallel()
			key := newKey(t, alg)
			public := key.Public()
			original := sign(t, key)
			if !accepted(original, public) {
				t.Fatal("the unchanged token is refused")
			}
			for i := range len(original) {
				before, c, after := original[:i], original[i], original[i+1:]
				changed := []string{before + after, before + string(c) + string(c) + after}
				for _, r := range []byte(replacements + string([]byte{c ^ 1, c ^ 2, c ^ 32, c + 1, c - 1})) {
					if r != c {
						changed = append(changed, before+string([]byte{r})+after)
					}
				}
				for _, token := range changed {
					if accepted(token, public) {
						t.Fatalf("byte %d changed, and the token is accepted: %q", i, token)
					}
				}
			}
		})
	}
}

// accepted says whether the token passes for one of the key's.
func accepted(token string, key *jws.PublicKey) bool {
	parsed, err := jws.Parse(token)
	return err == nil && parsed.Verify(key) == nil
}
