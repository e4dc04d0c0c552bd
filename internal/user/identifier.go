package user

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Key returns what an email or a username is compared by: two identifiers are the same when their keys are.
//
// White space around it is dropped, compatibility forms are folded (NFKC), letters become lower case. NFKC rather than
// NFC, because an input method types "ｕｓｅｒ" where the person means "user", and because nobody may open a second account
// whose name cannot be told from the first. Lower case rather than case folding, because the folding of x/text turns
// Cherokee letters back and forth, and a key must be the key of itself.
//
// Mail goes to the address of the user that was found, never to the one that was typed: two mailboxes that share a key
// would otherwise be a way into each other's accounts.
//
// What can be in no identifier (bytes that are not UTF-8, the zero byte) becomes U+FFFD, so that every key is text that
// any database takes, and such a key finds nobody.
func Key(identifier string) string {
	identifier = strings.ToValidUTF8(identifier, replacement)
	identifier = strings.ReplaceAll(identifier, "\x00", replacement)
	lower := strings.ToLower(norm.NFKC.String(identifier))
	return strings.TrimSpace(norm.NFKC.String(lower))
}

const replacement = string(utf8.RuneError)
