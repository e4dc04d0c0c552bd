package yardstick

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"

	"github.com/mayfly-auth/mayfly"
)

// Hello answers five bytes.
func Hello() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("hello")) // a client that has gone is nobody's loss
	})
}

// payload is as long as the header and the claims of an access token are before they are signed.
var payload = make([]byte, 560)

// Signed answers with something as long as an access token, signed for this answer.
func Signed() (http.Handler, error) {
	sign, err := newSigner()
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { sign.answer(w) }), nil
}

type signer struct{ key *ecdsa.PrivateKey }

func newSigner() (signer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return signer{key}, err
}

func (s signer) answer(w http.ResponseWriter) {
	digest := sha256.Sum256(payload)
	signature, err := s.key.Sign(nil, digest[:], crypto.SHA256) // RFC 6979, the faster of the two ways, and Mayfly's own
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	body := make([]byte, 0, 1024)
	body = base64.RawURLEncoding.AppendEncode(body, payload)
	body = base64.RawURLEncoding.AppendEncode(append(body, '.'), signature)
	_, _ = w.Write(body) // a client that has gone is nobody's loss
}

// Middleware is Hello for those who show an access token of the issuer.
func Middleware(issuer string) (http.Handler, error) {
	verifier, err := mayfly.NewVerifier(mayfly.VerifierConfig{Issuer: issuer})
	if err != nil {
		return nil, fmt.Errorf("middleware: %w", err)
	}
	return verifier.Middleware(Hello()), nil
}
