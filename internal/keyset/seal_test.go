package keyset

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/jws"
	"github.com/mayfly-auth/mayfly/internal/secret"
)

func secretKeys(tb testing.TB, texts ...string) []secret.Key {
	tb.Helper()
	for i := range texts {
		texts[i] = strings.Repeat(texts[i], secret.MinLength)
	}
	list, err := secret.Parse(texts...)
	if err != nil {
		tb.Fatal(err)
	}
	return list.Derive(SealPurpose)
}

func TestASealedKeyOpensOnlyWhole(t *testing.T) {
	secrets := secretKeys(t, "a")
	for _, alg := range []jws.Algorithm{jws.ES256, jws.EdDSA, jws.RS256} {
		k, err := jws.GenerateKey(alg)
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := seal(secrets, k)
		if err != nil {
			t.Fatal(err)
		}
		der, err := k.MarshalPKCS8()
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(sealed, der[len(der)-16:]) {
			t.Fatal("the private key lies open")
		}
		stored := StoredKey{ID: k.ID, Algorithm: string(alg), Sealed: sealed}
		back, with, err := open(secrets, stored)
		if err != nil || with != 0 || back.ID != k.ID || back.Algorithm != alg {
			t.Fatalf("%s came back as %v, %d, %v", alg, back, with, err)
		}
		again, err := back.MarshalPKCS8()
		if err != nil || !bytes.Equal(again, der) {
			t.Fatalf("%s: another key came back", alg)
		}
		for i := range sealed {
			changed := stored
			changed.Sealed = bytes.Clone(sealed)
			changed.Sealed[i] ^= 1
			if _, _, err := open(secrets, changed); err == nil {
				t.Fatalf("%s opens with byte %d changed", alg, i)
			}
			changed.Sealed = sealed[:i]
			if _, _, err := open(secrets, changed); err == nil {
				t.Fatalf("%s opens with %d bytes", alg, i)
			}
		}
		for _, moved := range []StoredKey{
			{ID: k.ID + "x", Algorithm: string(alg), Sealed: sealed},
			{ID: k.ID, Algorithm: "PS256", Sealed: sealed},
		} {
			if _, _, err := open(secrets, moved); !errors.Is(err, ErrSecret) {
				t.Errorf("%s opens as %s %q: %v", alg, moved.Algorithm, moved.ID, err)
			}
		}
	}
}

func TestTheSecretThatSealedIsFoundInTheList(t *testing.T) {
	k, err := jws.GenerateKey(jws.ES256)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := seal(secretKeys(t, "a"), k)
	if err != nil {
		t.Fatal(err)
	}
	stored := StoredKey{ID: k.ID, Algorithm: "ES256", Sealed: sealed}
	twins := secretKeys(t, "b", "a")
	twins[0].ID = twins[1].ID // by chance, one in 256
	for name, secrets := range map[string][]secret.Key{"old after new": secretKeys(t, "b", "a"), "two with one id": twins} {
		if _, with, err := open(secrets, stored); err != nil || with != 1 {
			t.Errorf("%s: %d, %v", name, with, err)
		}
	}
	_, _, err = open(secretKeys(t, "b"), stored)
	if !errors.Is(err, ErrSecret) || !strings.Contains(err.Error(), "add it back to `secret`") {
		t.Errorf("the wrong secret says %v", err)
	}
}

func TestNoTwoSealsAreTheSame(t *testing.T) {
	secrets := secretKeys(t, "a")
	k, err := jws.GenerateKey(jws.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	first, err := seal(secrets, k)
	if err != nil {
		t.Fatal(err)
	}
	second, err := seal(secrets, k)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(first[sealHeader:sealHeader+12], second[sealHeader:sealHeader+12]) {
		t.Error("a nonce came twice")
	}
}
