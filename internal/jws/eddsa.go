package jws

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
)

type ed25519Private struct{ key ed25519.PrivateKey }

type ed25519Public struct{ key ed25519.PublicKey }

func generateEd25519() (private, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	return &ed25519Private{key}, nil
}

func newEd25519(key any) (private, error) {
	k, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%w: EdDSA needs an Ed25519 key", ErrAlgorithm)
	}
	return &ed25519Private{k}, nil
}

func (k *ed25519Private) sign(input []byte) ([]byte, error) { return ed25519.Sign(k.key, input), nil }

func (k *ed25519Private) public() public {
	return ed25519Public{k.key.Public().(ed25519.PublicKey)}
}

func (k *ed25519Private) pkcs8() (any, error) { return k.key, nil }

func (k ed25519Public) verify(input, signature []byte) bool {
	return ed25519.Verify(k.key, input, signature)
}

func (k ed25519Public) jwk() (jwk, error) {
	return jwk{Type: "OKP", Curve: "Ed25519", X: encoding.EncodeToString(k.key)}, nil
}

func readEd25519(m jwk) (public, error) {
	if m.Curve != "Ed25519" {
		return nil, fmt.Errorf("%w: of the curves only P-256 and Ed25519 are", ErrAlgorithm)
	}
	x, err := encoding.DecodeString(m.X)
	if err != nil || len(x) != ed25519.PublicKeySize {
		return nil, malformed("x of an Ed25519 key is 32 bytes in base64url")
	}
	return ed25519Public{x}, nil
}
