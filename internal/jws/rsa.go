package jws

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"math/big"
)

const (
	minRSA = 2048 // bits, RFC 7518 section 3.3; also what is generated: a key lives for months, not decades
	maxRSA = 8192 // bits; the work of a verification grows with the square
)

// pss follows RFC 7518 section 3.5: the salt is as long as the hash.
var pss = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}

type rsaPrivate struct {
	alg Algorithm // RS256 or PS256, never both
	key *rsa.PrivateKey
}

type rsaPublic struct {
	alg Algorithm
	key *rsa.PublicKey
}

func generateRSA(alg Algorithm) (private, error) {
	key, err := rsa.GenerateKey(rand.Reader, minRSA)
	if err != nil {
		return nil, err
	}
	return rsaPrivate{alg, key}, nil
}

func newRSA(alg Algorithm, key any) (private, error) {
	k, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%w: %s needs an RSA key", ErrAlgorithm, alg)
	}
	if bits := k.N.BitLen(); bits < minRSA || bits > maxRSA {
		return nil, unusable(fmt.Sprintf("the RSA key has %d bits, %d to %d are allowed", bits, minRSA, maxRSA))
	}
	return rsaPrivate{alg, k}, nil
}

func (k rsaPrivate) sign(input []byte) ([]byte, error) {
	digest := sha256.Sum256(input)
	if k.alg == PS256 {
		return rsa.SignPSS(rand.Reader, k.key, crypto.SHA256, digest[:], pss)
	}
	return rsa.SignPKCS1v15(nil, k.key, crypto.SHA256, digest[:])
}

func (k rsaPrivate) public() public { return rsaPublic{k.alg, &k.key.PublicKey} }

func (k rsaPrivate) pkcs8() (any, error) { return k.key, nil }

func (k rsaPublic) verify(input, signature []byte) bool {
	digest := sha256.Sum256(input)
	if k.alg == PS256 {
		return rsa.VerifyPSS(k.key, crypto.SHA256, digest[:], signature, pss) == nil
	}
	return rsa.VerifyPKCS1v15(k.key, crypto.SHA256, digest[:], signature) == nil
}

func (k rsaPublic) jwk() (jwk, error) {
	return jwk{
		Type: "RSA",
		N:    encoding.EncodeToString(k.key.N.Bytes()),
		E:    encoding.EncodeToString(big.NewInt(int64(k.key.E)).Bytes()),
	}, nil
}

func readRSA(m jwk) (public, error) {
	n, errN := encoding.DecodeString(m.N)
	e, errE := encoding.DecodeString(m.E)
	// RFC 7518 section 2 (Base64urlUInt): the fewest octets that hold the number.
	if errN != nil || errE != nil || len(n) == 0 || len(e) == 0 || n[0] == 0 || e[0] == 0 {
		return nil, malformed("n and e of an RSA key are positive numbers in base64url")
	}
	modulus := new(big.Int).SetBytes(n)
	if bits := modulus.BitLen(); bits < minRSA || bits > maxRSA {
		return nil, unusable(fmt.Sprintf("the RSA key has %d bits, %d to %d are allowed", bits, minRSA, maxRSA))
	}
	exponent := new(big.Int).SetBytes(e)
	if exponent.BitLen() > 31 || exponent.Int64() < 3 || exponent.Bit(0) == 0 || modulus.Bit(0) == 0 {
		return nil, malformed("n and e are not an RSA key")
	}
	return rsaPublic{m.Algorithm, &rsa.PublicKey{N: modulus, E: int(exponent.Int64())}}, nil
}
