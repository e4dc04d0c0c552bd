package session

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/secret"
)

// ErrInvalid says that a refresh token is not one of ours, or that its session is no longer kept.
var ErrInvalid = errors.New("session: invalid refresh token")

// ErrForged is an ErrInvalid whose tag is right and whose proof is wrong: whoever made it holds the server secret, but
// not the database. It cannot buy anything, yet operators want to hear of it.
var ErrForged = forgedError{}

type forgedError struct{}

func (forgedError) Error() string        { return "session: refresh token forged with the server secret" }
func (forgedError) Is(target error) bool { return target == ErrInvalid }

// TokenPurpose is the purpose for which the keys of refresh-token tags are derived from the server secrets.
const TokenPurpose = "refresh token tag v1"

// A refresh token is tokenPrefix and the base64url form, without padding, of tokenSize bytes:
//
//	version(1) key-id(1) user(16) session(16) generation(4) proof(16) tag(16)
//
// The tag authenticates everything before it under a key of the server secret, so that garbage is refused before the
// database hears of it. The proof authenticates user, session and generation under the session's seed, which only the
// database holds. Neither a stolen secret nor a stolen database is enough to make a token.
const (
	tokenPrefix  = "mfr_"
	tokenVersion = 1

	proofAt   = 1 + 1 + 16 + 16 + 4
	tagAt     = proofAt + 16
	tokenSize = tagAt + 16

	tokenLength = len(tokenPrefix) + (tokenSize*8+5)/6
)

var tokenEncoding = base64.RawURLEncoding.Strict()

// presented is a refresh token whose tag was right.
type presented struct {
	User, Session uuid.UUID
	Generation    uint32
	proof         [16]byte
}

// tags makes and checks refresh tokens; the first key makes, all check.
type tags []secret.Key

// token derives the refresh token of a session's generation. The same arguments give the same bytes, always.
func (t tags) token(user, session uuid.UUID, seed [SeedSize]byte, generation uint32) string {
	raw := make([]byte, 0, tokenSize) // does not leave this function, and so costs no allocation
	raw = append(raw, tokenVersion, t[0].ID)
	raw = append(raw, user[:]...)
	raw = append(raw, session[:]...)
	raw = binary.BigEndian.AppendUint32(raw, generation)
	proof := prove(seed, raw)
	raw = append(raw, proof[:]...)
	tag := mac(&t[0].Bytes, raw)
	raw = append(raw, tag[:]...)
	text := append(make([]byte, 0, tokenLength), tokenPrefix...)
	return string(tokenEncoding.AppendEncode(text, raw))
}

// parse reads a refresh token and checks its tag. Every failure is ErrInvalid, without telling which.
func (t tags) parse(token string) (presented, error) {
	text, ok := strings.CutPrefix(token, tokenPrefix)
	if !ok || len(token) != tokenLength {
		return presented{}, ErrInvalid
	}
	// The decoder skips line breaks: a token that holds one comes out short.
	raw, err := tokenEncoding.DecodeString(text)
	if err != nil || len(raw) != tokenSize || raw[0] != tokenVersion || !t.authentic(raw) {
		return presented{}, ErrInvalid
	}
	p := presented{
		User:       uuid.UUID(raw[2:18]),
		Session:    uuid.UUID(raw[18:34]),
		Generation: binary.BigEndian.Uint32(raw[34:proofAt]),
		proof:      [16]byte(raw[proofAt:tagAt]),
	}
	return p, nil
}

func (t tags) authentic(raw []byte) bool {
	for _, key := range t {
		if key.ID != raw[1] {
			continue
		}
		tag := mac(&key.Bytes, raw[:tagAt])
		if hmac.Equal(tag[:], raw[tagAt:]) {
			return true
		}
	}
	return false
}

// provenBy reports whether the token was derived from this seed.
func (p presented) provenBy(seed [SeedSize]byte) bool {
	raw := make([]byte, 2, proofAt) // version and key id are the tag's business: a new secret leaves proofs as they are
	raw = append(raw, p.User[:]...)
	raw = append(raw, p.Session[:]...)
	raw = binary.BigEndian.AppendUint32(raw, p.Generation)
	proof := prove(seed, raw)
	return hmac.Equal(proof[:], p.proof[:])
}

// prove covers user, session and generation: the bytes of raw after version and key id.
func prove(seed [SeedSize]byte, raw []byte) [16]byte { return mac(&seed, raw[2:proofAt]) }

// mac is the first half of HMAC-SHA256 (RFC 2104) over at most tagAt bytes. Every refresh makes four of them;
// crypto/hmac would allocate six times for each.
func mac(key *[32]byte, message []byte) [16]byte {
	var inner [sha256.BlockSize + tagAt]byte
	var outer [sha256.BlockSize + sha256.Size]byte
	for i := range sha256.BlockSize {
		inner[i], outer[i] = 0x36, 0x5c
	}
	for i, b := range key {
		inner[i] ^= b
		outer[i] ^= b
	}
	n := copy(inner[sha256.BlockSize:], message)
	digest := sha256.Sum256(inner[:sha256.BlockSize+n])
	copy(outer[sha256.BlockSize:], digest[:])
	digest = sha256.Sum256(outer[:])
	return [16]byte(digest[:16])
}
