package jws_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/jws"
)

var algorithms = []jws.Algorithm{jws.ES256, jws.EdDSA, jws.RS256, jws.PS256, jws.HS256}

const sharedSecret = "a shared secret of more than thirty-two characters"

func generate(alg jws.Algorithm) (*jws.PrivateKey, error) {
	if alg == jws.HS256 {
		return jws.NewSharedSecret("shared", []byte(sharedSecret))
	}
	return jws.GenerateKey(alg)
}

// rsaKeys are made once: finding two primes takes longer than a whole test.
var rsaKeys = map[jws.Algorithm]func() (*jws.PrivateKey, error){
	jws.RS256: sync.OnceValues(func() (*jws.PrivateKey, error) { return generate(jws.RS256) }),
	jws.PS256: sync.OnceValues(func() (*jws.PrivateKey, error) { return generate(jws.PS256) }),
}

func newKey(tb testing.TB, alg jws.Algorithm) *jws.PrivateKey {
	tb.Helper()
	makeKey, ok := rsaKeys[alg]
	if !ok {
		makeKey = func() (*jws.PrivateKey, error) { return generate(alg) }
	}
	key, err := makeKey()
	if err != nil {
		tb.Fatalf("make a %s key: %v", alg, err)
	}
	return key
}

func sign(tb testing.TB, key *jws.PrivateKey) string {
	tb.Helper()
	token, err := jws.Sign(key, "at+jwt", []byte(payload))
	if err != nil {
		tb.Fatalf("sign: %v", err)
	}
	return token
}

// split returns the three parts of a token.
func split(tb testing.TB, token string) (header, body, signature string) {
	tb.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		tb.Fatalf("the token has %d parts", len(parts))
	}
	return parts[0], parts[1], parts[2]
}
