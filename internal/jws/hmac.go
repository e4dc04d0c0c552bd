package jws

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
)

// minSecret is the length of the hash, RFC 7518 section 3.2.
const minSecret = 32

// hmacKey is both halves at once. The secret lives in a closure, where no verb of fmt finds it: a verification key
// looks harmless and is the first thing that somebody prints.
type hmacKey func(input []byte) []byte

func newHMAC(secret []byte) hmacKey {
	secret = bytes.Clone(secret)
	return func(input []byte) []byte {
		mac := hmac.New(sha256.New, secret)
		mac.Write(input)
		return mac.Sum(nil)
	}
}

func (k hmacKey) sign(input []byte) ([]byte, error) { return k(input), nil }

// verify compares in constant time: otherwise the time of a refusal spells out the right answer byte by byte.
func (k hmacKey) verify(input, signature []byte) bool { return hmac.Equal(k(input), signature) }

func (k hmacKey) public() public { return k }

func (k hmacKey) pkcs8() (any, error) {
	return nil, unusable("a shared secret has no PKCS #8 form")
}

func (k hmacKey) jwk() (jwk, error) {
	return jwk{}, unusable("a shared secret is never published")
}
