package credential

import (
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxLength is the longest password in code points.
const MaxLength = 1024

// maxBytes is where counting stops: no 1,024 code points are longer.
const maxBytes = MaxLength * utf8.UTFMax

// forms returns the byte strings that a typed password may have been hashed as, the usual one first.
//
// Mayfly hashes NFC. Another system, whose hash we were given, hashed the bytes as its client sent them; those are
// tried second, and only if they differ, so nearly nobody's password costs two hashes.
func forms(password string) [][]byte {
	composed := norm.NFC.String(password)
	if composed == password {
		return [][]byte{[]byte(password)}
	}
	return [][]byte{[]byte(composed), []byte(password)}
}

// tooLong reports a password that nobody can have.
func tooLong(password string) bool {
	return len(password) > maxBytes || utf8.RuneCountInString(password) > MaxLength
}
