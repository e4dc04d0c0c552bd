package jws

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
)

// coordinate is the length of r, s, x and y on P-256.
const coordinate = 32

type ecdsaPrivate struct{ key *ecdsa.PrivateKey }

type ecdsaPublic struct{ key *ecdsa.PublicKey }

func generateECDSA() (private, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return ecdsaPrivate{key}, nil
}

func newECDSA(key any) (private, error) {
	k, ok := key.(*ecdsa.PrivateKey)
	if !ok || k.Curve != elliptic.P256() {
		return nil, fmt.Errorf("%w: ES256 needs a key on P-256", ErrAlgorithm)
	}
	return ecdsaPrivate{k}, nil
}

// sign is deterministic (no random source means RFC 6979): a weak random source can not leak the key through two
// signatures, and it costs no more (STD-29).
func (k ecdsaPrivate) sign(input []byte) ([]byte, error) {
	digest := sha256.Sum256(input)
	der, err := k.key.Sign(nil, digest[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	return rawFromDER(der)
}

func (k ecdsaPrivate) public() public { return ecdsaPublic{&k.key.PublicKey} }

func (k ecdsaPrivate) pkcs8() (any, error) { return k.key, nil }

func (k ecdsaPublic) verify(input, signature []byte) bool {
	var buf [maxDER]byte
	der, ok := derFromRaw(buf[:0], signature)
	if !ok {
		return false
	}
	digest := sha256.Sum256(input)
	return ecdsa.VerifyASN1(k.key, digest[:], der)
}

func (k ecdsaPublic) jwk() (jwk, error) {
	point, err := k.key.Bytes() // 4 ‖ x ‖ y
	if err != nil {
		return jwk{}, fmt.Errorf("encode public key: %w", err)
	}
	return jwk{
		Type: "EC", Curve: "P-256",
		X: encoding.EncodeToString(point[1 : 1+coordinate]),
		Y: encoding.EncodeToString(point[1+coordinate:]),
	}, nil
}

func readECDSA(m jwk) (public, error) {
	if m.Curve != "P-256" {
		return nil, fmt.Errorf("%w: of the curves only P-256 and Ed25519 are", ErrAlgorithm)
	}
	x, errX := encoding.DecodeString(m.X)
	y, errY := encoding.DecodeString(m.Y)
	if errX != nil || errY != nil || len(x) != coordinate || len(y) != coordinate {
		return nil, malformed("x and y of a P-256 key are 32 bytes each, in base64url")
	}
	point := append(append([]byte{4}, x...), y...)
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return nil, malformed("x and y are not a point of P-256") // an invalid-curve attack, or a typing error
	}
	return ecdsaPublic{key}, nil
}

// A JWS carries r ‖ s, 32 bytes each (RFC 7518 section 3.4); the standard library speaks DER. Both translations are
// by hand because going through big integers would cost several allocations on every request.

const maxDER = 2 + 2*(2+coordinate+1)

// derFromRaw refuses any other length, and r or s zero: a verifier that takes those accepts a signature of zeros for
// every message ("psychic signatures", CVE-2022-21449).
func derFromRaw(dst, raw []byte) ([]byte, bool) {
	if len(raw) != 2*coordinate {
		return nil, false
	}
	dst = append(dst, 0x30, 0) // SEQUENCE; its length is known at the end
	for _, n := range [2][]byte{raw[:coordinate], raw[coordinate:]} {
		for len(n) > 0 && n[0] == 0 {
			n = n[1:]
		}
		if len(n) == 0 {
			return nil, false
		}
		if n[0] < 0x80 {
			dst = append(dst, 0x02, byte(len(n)))
		} else { // a leading zero keeps the INTEGER positive
			dst = append(dst, 0x02, byte(len(n)+1), 0)
		}
		dst = append(dst, n...)
	}
	dst[1] = byte(len(dst) - 2)
	return dst, true
}

var errDER = errors.New("the signature is not in the form that was expected")

func rawFromDER(der []byte) ([]byte, error) {
	if len(der) < 2 || der[0] != 0x30 || int(der[1]) != len(der)-2 {
		return nil, errDER
	}
	raw := make([]byte, 2*coordinate)
	rest := der[2:]
	for i := range 2 {
		if len(rest) < 2 || rest[0] != 0x02 || len(rest) < 2+int(rest[1]) {
			return nil, errDER
		}
		n := rest[2 : 2+int(rest[1])]
		rest = rest[2+len(n):]
		if len(n) == coordinate+1 && n[0] == 0 {
			n = n[1:]
		}
		if len(n) > coordinate {
			return nil, errDER
		}
		copy(raw[(i+1)*coordinate-len(n):], n)
	}
	return raw, nil
}
