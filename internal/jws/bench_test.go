package jws_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/jws"
)

// payload is as long as that of a real access token.
const payload = `{"iss":"https://auth.example.com","sub":"0193f6a2-7c1e-7bb0-a6a5-1c4f1f6f2a11","aud":"https://api.example.com",` +
	`"exp":1790000600,"iat":1790000000,"jti":"q7mJ1mQ0Zk2o9h0m3kqv8A","sid":"0193f6a2-7c1e-7bb0-a6a5-1c4f1f6f2a12",` +
	`"client_id":"mayfly","auth_time":1790000000,"amr":["pwd"],"scope":"openid","email":"ada@example.com",` +
	`"email_verified":true,"preferred_username":"ada","name":"Ada Lovelace","roles":["admin","editor"]}`

// The yardsticks named bare are the cryptography alone, over as many bytes, so that the difference is ours.

func BenchmarkSign(b *testing.B) {
	b.Run("ES256/bare", func(b *testing.B) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			digest := sha256.Sum256([]byte(payload))
			if _, err := key.Sign(nil, digest[:], crypto.SHA256); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, alg := range algorithms {
		b.Run(string(alg), func(b *testing.B) {
			key := newKey(b, alg)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := jws.Sign(key, "at+jwt", []byte(payload)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	b.Run("ES256/bare", func(b *testing.B) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		digest := sha256.Sum256([]byte(payload))
		signature, err := key.Sign(nil, digest[:], crypto.SHA256)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			digest := sha256.Sum256([]byte(payload))
			if !ecdsa.VerifyASN1(&key.PublicKey, digest[:], signature) {
				b.Fatal("refused")
			}
		}
	})
	b.Run("EdDSA/bare", func(b *testing.B) {
		public, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		signature := ed25519.Sign(key, []byte(payload))
		b.ReportAllocs()
		for b.Loop() {
			if !ed25519.Verify(public, []byte(payload), signature) {
				b.Fatal("refused")
			}
		}
	})
	for _, alg := range algorithms {
		b.Run(string(alg), func(b *testing.B) {
			key := newKey(b, alg)
			public := key.Public()
			text := sign(b, key)
			b.ReportAllocs()
			for b.Loop() {
				token, err := jws.Parse(text)
				if err != nil {
					b.Fatal(err)
				}
				if err := token.Verify(public); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	text := sign(b, newKey(b, jws.ES256))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := jws.Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeObject(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := jws.DecodeObject([]byte(payload)); err != nil {
			b.Fatal(err)
		}
	}
}
