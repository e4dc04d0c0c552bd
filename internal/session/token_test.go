package session

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/secret"
)

var (
	tokenUser    = uuid.MustParse("01890a5d-ac96-7774-bcce-b302099a8057")
	tokenSession = uuid.MustParse("01890a5d-ac96-7b2f-9d1e-6c1b2f3a4d5e")
)

func tokenSeed() (seed [SeedSize]byte) {
	for i := range seed {
		seed[i] = byte(i)
	}
	return seed
}

func tagKeys(tb testing.TB, secrets ...string) tags {
	tb.Helper()
	list, err := secret.Parse(secrets...)
	if err != nil {
		tb.Fatal(err)
	}
	return list.Derive(TokenPurpose)
}

const (
	oneSecret     = "the old secret, which is long enough"
	anotherSecret = "the new secret, which is long enough"
)

// TestTokenOnTheWireNeverDrifts holds tokens that were computed by another program from the description in DESIGN.md.
// A change here signs out everybody who holds one.
func TestTokenOnTheWireNeverDrifts(t *testing.T) {
	for generation, want := range map[uint32]string{
		1:          "mfr_AfkBiQpdrJZ3dLzOswIJmoBXAYkKXayWey-dHmwbLzpNXgAAAAFjgFSh7a6HVnBq-aharaJhW_zGbw_D0LoetVuBHndmjw",
		2:          "mfr_AfkBiQpdrJZ3dLzOswIJmoBXAYkKXayWey-dHmwbLzpNXgAAAAKRv4VWNXMG3j5gTs1Fq7lkxBqoXhi2ai47x1iXouB-Sg",
		0x01020304: "mfr_AfkBiQpdrJZ3dLzOswIJmoBXAYkKXayWey-dHmwbLzpNXgECAwRneD8EKwRLNcrPgy-MnU3AyRnHxT5kmynEYQ_SlKbGnA",
	} {
		if got := tagKeys(t, oneSecret).token(tokenUser, tokenSession, tokenSeed(), generation); got != want {
			t.Errorf("generation %d:\n got %s\nwant %s", generation, got, want)
		}
	}
}

// The hand-written HMAC is held to the standard library's, at every length that it is used with.
func TestMacIsHMAC(t *testing.T) {
	key := [32]byte(tokenSeed())
	message := make([]byte, tagAt)
	for i := range message {
		message[i] = byte(3 * i)
	}
	for n := range len(message) + 1 {
		h := hmac.New(sha256.New, key[:])
		h.Write(message[:n])
		if got := mac(&key, message[:n]); [16]byte(h.Sum(nil)[:16]) != got {
			t.Errorf("%d bytes: %x", n, got)
		}
	}
}

func TestTokenFitsItsSize(t *testing.T) {
	token := tagKeys(t, oneSecret).token(tokenUser, tokenSession, tokenSeed(), 1)
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(token, "mfr_"))
	if err != nil || len(raw) > 85 {
		t.Errorf("%d bytes, %v", len(raw), err)
	}
}

func TestTokenRoundTrip(t *testing.T) {
	keys := tagKeys(t, oneSecret)
	for _, generation := range []uint32{0, 1, 2, 255, 256, 1 << 31, 1<<32 - 1} {
		p, err := keys.parse(keys.token(tokenUser, tokenSession, tokenSeed(), generation))
		if err != nil {
			t.Fatal(err)
		}
		if p.User != tokenUser || p.Session != tokenSession || p.Generation != generation || !p.provenBy(tokenSeed()) {
			t.Errorf("generation %d came back as %d of session %s of user %s", generation, p.Generation, p.Session, p.User)
		}
	}
}

func TestTokenIsProvenByItsOwnSeedAlone(t *testing.T) {
	keys := tagKeys(t, oneSecret)
	p, err := keys.parse(keys.token(tokenUser, tokenSession, tokenSeed(), 7))
	if err != nil {
		t.Fatal(err)
	}
	for i := range SeedSize {
		seed := tokenSeed()
		seed[i] ^= 0x80
		if p.provenBy(seed) {
			t.Errorf("proven by a seed that differs in byte %d", i)
		}
	}
	for name, other := range map[string]presented{
		"user":       {tokenSession, p.Session, p.Generation, p.proof},
		"session":    {p.User, tokenUser, p.Generation, p.proof},
		"generation": {p.User, p.Session, p.Generation + 1, p.proof},
	} {
		if other.provenBy(tokenSeed()) {
			t.Errorf("the proof does not cover the %s", name)
		}
	}
}

func TestPromise22_NoChangedByteIsAccepted(t *testing.T) {
	keys := tagKeys(t, oneSecret, anotherSecret)
	token := []byte(keys.token(tokenUser, tokenSession, tokenSeed(), 7))
	for at, right := range token {
		for wrong := range 256 {
			if byte(wrong) == right {
				continue
			}
			token[at] = byte(wrong)
			if _, err := keys.parse(string(token)); !errors.Is(err, ErrInvalid) {
				t.Errorf("byte %d as %#x: %v", at, wrong, err)
			}
		}
		token[at] = right
	}
	if _, err := keys.parse(string(token)); err != nil {
		t.Errorf("the token itself: %v", err)
	}
}

// TestPromise22_NoChangedBitUnderTheEncodingIsAccepted changes what the text stands for, so that the tag alone decides.
func TestPromise22_NoChangedBitUnderTheEncodingIsAccepted(t *testing.T) {
	keys := tagKeys(t, oneSecret)
	raw, err := tokenEncoding.DecodeString(keys.token(tokenUser, tokenSession, tokenSeed(), 7)[len(tokenPrefix):])
	if err != nil {
		t.Fatal(err)
	}
	for bit := range 8 * len(raw) {
		raw[bit/8] ^= 1 << (bit % 8)
		if _, err := keys.parse(tokenPrefix + tokenEncoding.EncodeToString(raw)); !errors.Is(err, ErrInvalid) {
			t.Errorf("bit %d: %v", bit, err)
		}
		raw[bit/8] ^= 1 << (bit % 8)
	}
}

func TestParseTokenRefuses(t *testing.T) {
	keys := tagKeys(t, oneSecret)
	token := keys.token(tokenUser, tokenSession, tokenSeed(), 7)
	text := strings.TrimPrefix(token, tokenPrefix)
	version2 := func() string {
		raw, _ := tokenEncoding.DecodeString(text)
		raw[0] = 2
		tag := mac(&keys[0].Bytes, raw[:tagAt])
		return tokenPrefix + tokenEncoding.EncodeToString(append(raw[:tagAt], tag[:]...))
	}
	for name, wrong := range map[string]string{
		"nothing":                  "",
		"the prefix alone":         tokenPrefix,
		"no prefix":                text,
		"prefix twice":             tokenPrefix + token,
		"prefix in capitals":       "MFR_" + text,
		"a space before":           " " + token,
		"a space after":            token + " ",
		"a line break after":       token + "\n",
		"a line break for a byte":  token[:50] + "\n" + token[51:],
		"a line break within":      token[:50] + "\n" + token[50:],
		"a return for a byte":      token[:50] + "\r" + token[51:],
		"padding":                  token + "==",
		"padding for bytes":        token[:len(token)-2] + "==",
		"one byte short":           token[:len(token)-1],
		"four bytes short":         token[:len(token)-4],
		"one byte long":            token + "A",
		"four bytes long":          token + "AAAA",
		"a zero byte after":        token + "\x00",
		"the standard alphabet":    tokenPrefix + strings.NewReplacer("-", "+", "_", "/").Replace(text),
		"another version, tagged":  version2(),
		"under another secret":     tagKeys(t, anotherSecret).token(tokenUser, tokenSession, tokenSeed(), 7),
		"zeros":                    tokenPrefix + strings.Repeat("A", len(text)),
		"a megabyte":               tokenPrefix + strings.Repeat("A", 1<<20),
		"an access token's shape":  "eyJhbGciOiJFUzI1NiJ9.e30.AAAA",
		"two tokens with a comma":  token + "," + token,
		"the token between quotes": `"` + token + `"`,
	} {
		if p, err := keys.parse(wrong); !errors.Is(err, ErrInvalid) || p != (presented{}) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTokenUnderAnyListedSecretIsAccepted(t *testing.T) {
	old := tagKeys(t, oneSecret).token(tokenUser, tokenSession, tokenSeed(), 7)
	both := tagKeys(t, anotherSecret, oneSecret)
	if _, err := both.parse(old); err != nil {
		t.Errorf("under the second secret: %v", err)
	}
	if got, want := both.token(tokenUser, tokenSession, tokenSeed(), 7), tagKeys(t, anotherSecret).token(tokenUser, tokenSession, tokenSeed(), 7); got != want {
		t.Error("a new token is not under the first secret")
	}
	// Two secrets may share their key id by chance.
	both[0].ID = both[1].ID
	if _, err := both.parse(old); err != nil {
		t.Errorf("with a shared key id: %v", err)
	}
}

func FuzzParseToken(f *testing.F) {
	keys := tagKeys(f, oneSecret)
	token := keys.token(tokenUser, tokenSession, tokenSeed(), 7)
	f.Add(token)
	f.Add(keys.token(uuid.Nil, uuid.Nil, [SeedSize]byte{}, 1<<32-1))
	f.Add("")
	f.Add(tokenPrefix)
	f.Add(token[:50] + "\n" + token[51:])
	f.Add(token + "==")
	f.Add(tokenPrefix + strings.Repeat("_", len(token)-len(tokenPrefix)))
	f.Fuzz(func(t *testing.T, text string) {
		p, err := keys.parse(text)
		if err != nil {
			if !errors.Is(err, ErrInvalid) || p != (presented{}) {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		// Nobody but the holder of the key can have made it, and there is one way to write it.
		if !p.provenBy(tokenSeed()) && !p.provenBy([SeedSize]byte{}) {
			t.Fatalf("accepted a token that nobody made: %q", text)
		}
		raw, _ := tokenEncoding.DecodeString(text[len(tokenPrefix):])
		if tokenPrefix+base64.RawURLEncoding.EncodeToString(raw) != text {
			t.Fatalf("accepted a second spelling: %q", text)
		}
	})
}
