package credential

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// DefaultMinLength is the shortest password in code points that is taken when nothing else is configured.
const DefaultMinLength = 8

// fewCharacters is how many different characters a password needs: with fewer, its length says nothing.
const fewCharacters = 4

// Policy says which new passwords are good enough. It asks for no digits, capitals or signs: such rules make people
// write Password1! (STD-92). It is asked when a password is chosen, never when one is checked.
type Policy struct {
	MinLength int      // in code points; 0 means DefaultMinLength
	Words     []string // what anybody would try at this service: its name, its host
}

// WeakError says why a password is not taken and how to find a better one, each in one sentence that may be shown to
// the person who typed it. It repeats nothing of the password.
type WeakError struct {
	Detail string
	Fix    string
}

func (e *WeakError) Error() string { return "credential: weak password: " + e.Detail }

// Check returns a *WeakError, or nil. About is what an attacker knows of the person: email, username, name.
func (p Policy) Check(password string, about ...string) error {
	least := orDefault(p.MinLength, DefaultMinLength)
	switch {
	case !utf8.ValidString(password):
		return &WeakError{"The password is not valid text.", "Send the password as UTF-8."}
	case tooLong(password):
		return &WeakError{"The password has more than 1024 characters.", "Use a shorter one."}
	}
	runes := []rune(norm.NFC.String(password))
	if len(runes) < least {
		return &WeakError{
			fmt.Sprintf("The password has fewer than %d characters.", least),
			"Use a longer one: a few words that do not belong together are easy to remember.",
		}
	}
	reason := repetition(runes, least)
	if reason == "" {
		reason = guessable(runes, slices.Concat(p.Words, about))
	}
	if reason == "" {
		return nil
	}
	return &WeakError{
		"The password is easy to guess: " + reason + ".",
		"Use a few words that do not belong together, or let a password manager make one.",
	}
}

// repetition finds what zxcvbn does not look for: a short piece over and over.
func repetition(password []rune, least int) string {
	different := make(map[rune]bool)
	for _, r := range password {
		different[r] = true
	}
	if len(different) < fewCharacters {
		return "it has only a few different characters"
	}
	if n := period(password); n < least && 2*n <= len(password) {
		return "it repeats the same few characters"
	}
	return ""
}

// period returns the length of the shortest piece that the text is made of by repeating it, the last time perhaps not
// to its end. It takes one pass (the failure function of Knuth, Morris and Pratt).
func period(text []rune) int {
	border := make([]int, len(text)+1) // border[i]: the longest proper prefix of text[:i] that is also its suffix
	for i, k := 1, 0; i < len(text); i++ {
		for k > 0 && text[i] != text[k] {
			k = border[k]
		}
		if text[i] == text[k] {
			k++
		}
		border[i+1] = k
	}
	return len(text) - border[len(text)]
}
