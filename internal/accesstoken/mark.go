package accesstoken

import "crypto/sha256"

// Mark is how the revocation feed names a session: the first 12 bytes of the SHA-256 of the token's `sid`, on the wire as
// 16 characters of base64url. Whoever reads the feed learns no id from it, and among a billion sessions and a hundred
// thousand revoked ones the chance that one is taken for another is one in a hundred million million.
type Mark [12]byte

// MarkOf returns the mark of the session with this id, written as in `sid`.
func MarkOf(sid string) Mark {
	sum := sha256.Sum256([]byte(sid))
	return Mark(sum[:12])
}
