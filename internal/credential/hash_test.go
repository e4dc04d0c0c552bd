package credential

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"
)

// foreign are hashes that other implementations made.
var foreign = []struct{ scheme, password, hash string }{
	// The reference implementation's own tests.
	{Argon2id, "password", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"},
	{Argon2i, "password", "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA"},
	// jBCrypt, libxcrypt.
	{Bcrypt, "a", "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe"},
	{Bcrypt, "pässword", "$2b$04$abcdefghijklmnopqrstuum174eFeoTj0DHmtuueFaS3Wde4P7wHG"},
	{Bcrypt, "pässword", "$2y$04$abcdefghijklmnopqrstuum174eFeoTj0DHmtuueFaS3Wde4P7wHG"},
	// Passlib's documentation, OpenSSL.
	{Scrypt, "password", "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E"},
	{Scrypt, "pässword", "$scrypt$ln=10,r=8,p=5$AAECAwQFBgcICQoLDA0ODw$FV6Nk12qkOle1mTU1xtg8BLhx+gCYu1wMA6KFVTm8XFCAN+Xl0bRpaciwC8Gazc+iQvdirvqbpId85q3qxWFHA"},
	{PBKDF2SHA256, "toomanysecrets", "$pbkdf2-sha256$29000$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk"},
	{PBKDF2SHA256, "password", "$pbkdf2-sha256$6400$.6UI/S.nXIk8jcbdHx3Fhg$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44"},
	{PBKDF2SHA1, "pässword", "$pbkdf2$5000$AAECAwQFBgcICQoLDA0ODw$n4VtHQPqqQWpZ6r2f8vqR3TnNpw"},
	{PBKDF2SHA1, "pässword", "$pbkdf2-sha1$i=5000,l=20$AAECAwQFBgcICQoLDA0ODw$n4VtHQPqqQWpZ6r2f8vqR3TnNpw"},
	{PBKDF2SHA256, "pässword", "$pbkdf2-sha256$i=3000,l=32$AAECAwQFBgcICQoLDA0ODw$CGZbkXqtGRVyNowbd3FB2t1s43BA2QfdgXkBEdxNvnk"},
	{PBKDF2SHA256, "pässword", "$pbkdf2-sha256$i=3000$AAECAwQFBgcICQoLDA0ODw$CGZbkXqtGRVyNowbd3FB2t1s43BA2QfdgXkBEdxNvnk"},
	{PBKDF2SHA512, "pässword", "$pbkdf2-sha512$2500$AAECAwQFBgcICQoLDA0ODw$vo1fImnClLRPBurWFcIJanUJAmnvNqpzyuGiRjUcDVU7iwWSMnUaUkcSMM776MtF8ysWppL.sJDxVgA6OKXyiw"},
	// Django.
	{PBKDF2SHA1, "pässword", "pbkdf2_sha1$5000$uWkNLQ7XF2s0$SKde2luZ4n1qoe/zO8ATJ4Aiu4Q="},
	{PBKDF2SHA256, "pässword", "pbkdf2_sha256$3000$uWkNLQ7XF2s0$GJb2k+WAq5lRKE0zQvqTiNSAq74pDLXTwDGpiwow+iE="},
	{PBKDF2SHA512, "pässword", "pbkdf2_sha512$2500$uWkNLQ7XF2s0$FCKXPgLT71lm4OJGLCqV3U8S7L25l8i5tieBb5CkaGtHChS0wKlg3lFJAOKJtH0WeSzpJvyG1oPf8uAuocbBKg=="},
}

func TestHashesOfOtherImplementationsAreChecked(t *testing.T) {
	h := NewHasher(cheap)
	for _, tt := range foreign {
		scheme, err := Recognized(tt.hash)
		if err != nil || scheme != tt.scheme {
			t.Errorf("Recognized(%s) = %q, %v", tt.hash, scheme, err)
			continue
		}
		if ok, rehash := verify(t, h, tt.password, tt.hash); !ok || !rehash {
			t.Errorf("%s: %v, rehash %v", tt.hash, ok, rehash)
		}
		for _, wrong := range []string{"", strings.ToUpper(tt.password), tt.password + "x"} {
			if ok, rehash := verify(t, h, wrong, tt.hash); ok || rehash {
				t.Errorf("%s fits %q", tt.hash, wrong)
			}
		}
	}
}

// Whoever made the hash cut the password, so the person gets in with what was kept of it; and then never again.
func TestBcryptIsCheckedAsFarAsItLooked(t *testing.T) {
	// From the tests of crypt_blowfish.
	const hash = "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui"
	first72 := "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	h := NewHasher(cheap)
	for _, password := range []string{first72 + "chars after 72 are ignored", first72 + "!", first72} {
		if ok, rehash := verify(t, h, password, hash); !ok || !rehash {
			t.Errorf("%d bytes: %v, rehash %v", len(password), ok, rehash)
		}
	}
	if ok, _ := verify(t, h, first72[:71], hash); ok {
		t.Error("71 bytes are enough")
	}
	anew := hashOf(t, h, first72+"!")
	if ok, _ := verify(t, h, first72+"?", anew); ok {
		t.Error("the new hash does not look beyond byte 72")
	}
}

// Another system hashed the bytes that its client sent, also where its argon2id looks exactly like ours.
func TestAHashOfOtherBytesIsMadeAnewInNFC(t *testing.T) {
	const decomposed = "cafe\u0301 creme"
	h := NewHasher(cheap)
	salt := []byte("0123456789abcdef")
	key, err := pbkdf2.Key(sha256.New, decomposed, salt, 1000, 32)
	if err != nil {
		t.Fatal(err)
	}
	for _, hash := range []string{
		fmt.Sprintf("$pbkdf2-sha256$1000$%s$%s", base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key)),
		h.encode(salt, argon2.IDKey([]byte(decomposed), salt, cheap.Time, cheap.Memory, 1, keyLength)),
	} {
		if ok, rehash := verify(t, h, decomposed, hash); !ok || !rehash {
			t.Errorf("%s: %v, rehash %v", hash, ok, rehash)
		}
	}
}

// hostile are hashes that must be refused before any work is done.
var hostile = map[string]string{
	"nothing":                        "",
	"one dollar":                     "$",
	"many dollars":                   strings.Repeat("$", 100),
	"a password":                     "correct horse battery staple",
	"a megabyte":                     "$argon2id$" + strings.Repeat("A", 1<<20),
	"no passes":                      "$argon2id$v=19$m=65536,t=0,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
	"no lanes":                       "$argon2id$v=19$m=65536,t=2,p=0$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
	"257 lanes":                      "$argon2id$v=19$m=65536,t=2,p=257$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
	"4 GiB":                          "$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
	"512 MiB in one pass":            "$argon2id$v=19$m=524288,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
	"2^31 passes":                    "$argon2id$v=19$m=64,t=2147483647,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
	"2^32+2 passes":                  "$argon2id$v=19$m=64,t=4294967298,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
	"little memory":                  "$argon2id$v=19$m=7,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
	"negative memory":                "$argon2id$v=19$m=-64,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
	"a signed number":                "$argon2id$v=19$m=+65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
	"a leading zero":                 "$argon2id$v=19$m=065536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
	"version 16":                     "$argon2id$v=16$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
	"no version":                     "$argon2id$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
	"argon2d":                        "$argon2d$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
	"an empty key":                   "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$",
	"a key of 4 bytes":               "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$AAAAAA",
	"a key with a line end":          "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc\n",
	"a key with stray bits":          "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPd",
	"no salt":                        "$argon2id$v=19$m=65536,t=2,p=1$$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
	"bcrypt of cost 31":              "$2a$31$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe",
	"bcrypt of cost 16":              "$2a$16$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe",
	"bcrypt of cost 3":               "$2a$03$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe",
	"bcrypt of cost xx":              "$2a$xx$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe",
	"bcrypt cut short":               "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfx",
	"bcrypt 2x, which is broken":     "$2x$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe",
	"scrypt of 1 TiB":                "$scrypt$ln=30,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
	"scrypt with ln=64":              "$scrypt$ln=64,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
	"scrypt with r=0":                "$scrypt$ln=16,r=0,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
	"scrypt with p=2^30":             "$scrypt$ln=4,r=8,p=1073741824$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
	"PBKDF2 of no rounds":            "$pbkdf2-sha256$0$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk",
	"PBKDF2 of 2^31 rounds":          "$pbkdf2-sha256$2147483647$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk",
	"PBKDF2 that lies of its length": "$pbkdf2-sha256$i=1000,l=16$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk",
	"PBKDF2 with MD5":                "$pbkdf2-md5$1000$N2YMIWQsBWBMae09x1jrPQ$1t8iyB2A.WF/Z5JZv.lfCIhXXN33N23OSgQYThBYRfk",
	"Django without a salt":          "pbkdf2_sha256$3000$$GJb2k+WAq5lRKE0zQvqTiNSAq74pDLXTwDGpiwow+iE=",
	"Django with a dollar in front":  "$pbkdf2_sha256$3000$uWkNLQ7XF2s0$GJb2k+WAq5lRKE0zQvqTiNSAq74pDLXTwDGpiwow+iE=",
	"argon2 without one":             "argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
	"Django's unusable password":     "!hV2xY0r9Jq4m",
	"MD5":                            "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/",
	"SHA-512 crypt":                  "$6$rounds=5000$saltsalt$abc",
}

func TestHostileHashesAreRefusedBeforeAnyWork(t *testing.T) {
	h := NewHasher(cheap)
	for name, hash := range hostile {
		_, err := Recognized(hash)
		var bad *UnreadableError
		if !errors.As(err, &bad) || bad.Detail == "" {
			t.Errorf("%s: Recognized = %v", name, err)
		}
		if ok, _, err := h.Verify(t.Context(), "password", hash); ok || !errors.As(err, &bad) {
			t.Errorf("%s: Verify = %v, %v", name, ok, err)
		}
	}
	if n := h.Load().Done; n != 0 {
		t.Errorf("%d hashes were computed", n)
	}
}

func FuzzParse(f *testing.F) {
	for _, tt := range foreign {
		f.Add(tt.hash)
	}
	for _, hash := range hostile {
		f.Add(hash)
	}
	f.Fuzz(func(t *testing.T, hash string) {
		s, err := parse(hash)
		if err != nil {
			var bad *UnreadableError
			if !errors.As(err, &bad) {
				t.Errorf("%q: %v", hash, err)
			}
			return
		}
		memory, work := cost(s)
		if memory > 256<<20 || work > 4_000_000 {
			t.Fatalf("%q asks for %d bytes and %d units of work", hash, memory, work)
		}
		if memory < 1<<20 && work < 2000 {
			s.matches([]byte("password")) // must not panic, whatever was read
		}
	})
}

// cost is what a hash asks for at once in bytes, and in units of work of which four million take some seconds.
func cost(s stored) (memory, work uint64) {
	switch s := s.(type) {
	case argon2Hash:
		return uint64(s.memory) << 10, uint64(s.memory) * uint64(s.time)
	case scryptHash:
		memory := 128 * uint64(s.n) * uint64(s.r)
		return memory, memory * uint64(s.p) >> 10
	case pbkdf2Hash:
		return 0, uint64(s.rounds) * uint64((len(s.key)+63)/64)
	case bcryptHash:
		return 4 << 10, 64 << (10*(s[4]-'0') + s[5] - '0')
	}
	panic("a scheme without a bound")
}
