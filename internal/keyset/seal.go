package keyset

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"

	"github.com/mayfly-auth/mayfly/internal/jws"
	"github.com/mayfly-auth/mayfly/internal/secret"
)

// SealPurpose is what the keys of Config.Secrets are derived for, see secret.List.Derive.
const SealPurpose = "signing key seal"

// ErrSecret says that a signing key cannot be opened with any of the secrets. Its text is for the operator.
var ErrSecret = errors.New("the signing keys were sealed with a secret that is not in the list: add it back to `secret`, after the new one")

// A sealed key is version(1) secret-id(1) nonce(12) ciphertext tag(16): AES-256-GCM over the private key in PKCS #8
// form. The key id and the algorithm are authenticated with it, so that a sealed key moved to another row, or used for
// another algorithm, does not open.
const (
	sealVersion = 1
	sealHeader  = 2
)

func newAEAD(key secret.Key) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key.Bytes[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// bound is what the seal covers besides the private key. The algorithm is one of a few constants without a zero byte,
// so no two pairs give the same bytes.
func bound(header []byte, id string, alg jws.Algorithm) []byte {
	b := append([]byte(nil), header...)
	b = append(b, alg...)
	b = append(b, 0)
	return append(b, id...)
}

// seal encrypts the private key with the first secret.
func seal(secrets []secret.Key, k *jws.PrivateKey) ([]byte, error) {
	der, err := k.MarshalPKCS8()
	if err != nil {
		return nil, err
	}
	aead, err := newAEAD(secrets[0])
	if err != nil {
		return nil, fmt.Errorf("seal signing key: %w", err)
	}
	header := []byte{sealVersion, secrets[0].ID}
	return aead.Seal(header, nil, der, bound(header, k.ID, k.Algorithm)), nil
}

// open decrypts a stored key with whichever secret fits and says which one that was.
func open(secrets []secret.Key, stored StoredKey) (k *jws.PrivateKey, with int, err error) {
	if len(stored.Sealed) < sealHeader || stored.Sealed[0] != sealVersion {
		return nil, 0, fmt.Errorf("signing key %q is stored in a form that this version does not know", stored.ID)
	}
	alg := jws.Algorithm(stored.Algorithm)
	header, box := stored.Sealed[:sealHeader], stored.Sealed[sealHeader:]
	for i, s := range secrets {
		if s.ID != header[1] {
			continue
		}
		aead, err := newAEAD(s)
		if err != nil {
			return nil, 0, fmt.Errorf("open signing key: %w", err)
		}
		der, err := aead.Open(nil, nil, box, bound(header, stored.ID, alg))
		if err != nil {
			continue // two secrets may share an id
		}
		k, err := jws.ParsePrivateKey(stored.ID, alg, der)
		if err != nil {
			return nil, 0, fmt.Errorf("open signing key %q: %w", stored.ID, err)
		}
		return k, i, nil
	}
	return nil, 0, fmt.Errorf("signing key %q: %w", stored.ID, ErrSecret)
}
