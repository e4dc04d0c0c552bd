package accesstoken_test

import (
	"testing"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
	"github.com/mayfly-auth/mayfly/internal/jws"
)

func BenchmarkMint(b *testing.B) {
	for _, alg := range []jws.Algorithm{jws.ES256, jws.HS256} {
		b.Run(string(alg), func(b *testing.B) {
			i := newIssuer(b, accesstoken.Config{Keys: newRing(b, alg)})
			s := ada()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := i.Mint(s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	for _, alg := range []jws.Algorithm{jws.ES256, jws.HS256} {
		b.Run(string(alg), func(b *testing.B) {
			i := newIssuer(b, accesstoken.Config{Keys: newRing(b, alg)})
			token := mint(b, i, ada()).Token
			b.ReportAllocs()
			for b.Loop() {
				if _, err := i.Verify(token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
