package user

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The longest email and local part in bytes (RFC 5321 section 4.5.3.1, with the angle brackets of a path taken off).
const (
	MaxEmail = 254
	maxLocal = 64
	maxLabel = 63 // RFC 1035 section 2.3.4
)

// ParseEmail reads one email address and returns it as it is kept: as the person wrote it, without white space around
// it, in NFC. The error is an *InvalidError.
//
// An address is a dot-atom, "@" and a host name (RFC 5321 section 4.1.2); letters, marks and digits of any script are
// allowed on both sides (RFC 6531). A display name, a comment, a quoted local part and an address literal are refused:
// nobody signs in with one, and each has been used to smuggle a second recipient past a check. The host name has a
// dot or is "localhost", so that a developer can register without a domain.
func ParseEmail(s string) (string, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return "", badEmail("The email address is missing.", "Give an address such as name@example.com.")
	case len(s) > 4*MaxEmail: // not worth normalising
		return "", badEmail("The email address is longer than 254 bytes.", "Give a shorter address.")
	case !utf8.ValidString(s):
		return "", badEmail("The email address is not valid text.", "Send the address as UTF-8.")
	}
	s = norm.NFC.String(s)
	// The key must be an address too: it is what the store compares, and NFKC can make "@" or a space out of a letter.
	for _, form := range []string{s, Key(s)} {
		if err := checkEmail(form); err != nil {
			return "", err
		}
	}
	return s, nil
}

func checkEmail(s string) error {
	if len(s) > MaxEmail {
		return badEmail("The email address is longer than 254 bytes.", "Give a shorter address.")
	}
	local, domain, found := strings.Cut(s, "@")
	switch {
	case !found:
		return badEmail("The email address has no @.", "Give an address such as name@example.com.")
	case strings.Contains(domain, "@"):
		return badEmail("The email address has more than one @.", "Give exactly one address such as name@example.com.")
	case len(local) > maxLocal:
		return badEmail("The part before the @ is longer than 64 bytes.", "Give a shorter address.")
	case !isDotAtom(local):
		return badEmail("The part before the @ is not a plain mailbox name.",
			"Use letters, digits and the signs that mail allows, without spaces, quotes or brackets.")
	case !isHost(domain):
		return badEmail("The part after the @ is not a domain name.", "Give an address such as name@example.com.")
	}
	return nil
}

func badEmail(detail, fix string) *InvalidError {
	return &InvalidError{Field: "email", Detail: detail, Fix: fix}
}

// isDotAtom implements RFC 5322 section 3.2.3, widened by RFC 6532 to the letters, marks and digits of every script.
func isDotAtom(s string) bool {
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" {
			return false
		}
		for _, r := range atom {
			if !isWordRune(r) && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r) {
				return false
			}
		}
	}
	return true
}

// isHost accepts a host name of at least two labels, or "localhost". A last label of digits alone would be an IPv4
// address written as a name.
func isHost(s string) bool {
	if strings.EqualFold(s, "localhost") {
		return true
	}
	labels := strings.Split(s, ".")
	if len(labels) < 2 || isDigits(labels[len(labels)-1]) {
		return false
	}
	for _, label := range labels {
		if label == "" || len(label) > maxLabel || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, r := range label {
			if !isWordRune(r) && r != '-' {
				return false
			}
		}
	}
	return true
}

// isWordRune leaves out, beyond signs and spaces, what cannot be seen: format characters and private use.
func isWordRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r)
}

func isDigits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}
