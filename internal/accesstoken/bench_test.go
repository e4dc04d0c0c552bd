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
		r := newRing(b, alg)
		for name, keys := range map[string]accesstoken.Keys{"first": forgetful{r}, "seen": r} {
			b.Run(string(alg)+"/"+name, func(b *testing.B) {
				i := newIssuer(b, accesstoken.Config{Keys: keys})
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
}

// forgetful is a key set that was replaced since the last look.
type forgetful struct{ ring }

func (f forgetful) Lookup(kid string) (*jws.PublicKey, bool) { return f.key.Public(), kid == f.key.ID }
