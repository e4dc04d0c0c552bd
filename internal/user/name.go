package user

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxName is the longest name in code points.
const MaxName = 100

// ParseName reads what a person wants to be called and returns it as it is kept: in NFC, without white space around
// it. Nothing else is asked of a name, and an empty one is fine. The error is an *InvalidError.
func ParseName(s string) (string, error) {
	if !utf8.ValidString(s) {
		return "", badName("The name is not valid text.", "Send the name as UTF-8.")
	}
	// A name a hundred times too long is not worth normalising.
	if len(s) > 100*MaxName {
		return "", badName("The name has more than 100 characters.", "Use at most 100 characters.")
	}
	s = norm.NFC.String(strings.TrimSpace(s))
	if utf8.RuneCountInString(s) > MaxName {
		return "", badName("The name has more than 100 characters.", "Use at most 100 characters.")
	}
	if strings.ContainsFunc(s, isTrick) {
		return "", badName("The name has a character that cannot be seen.",
			"Remove line breaks, control characters and characters that change the direction of text.")
	}
	return s, nil
}

func badName(detail, fix string) *InvalidError {
	return &InvalidError{Field: "name", Detail: detail, Fix: fix}
}

// isTrick reports what has no place in a line of text: control characters and line ends, which forge lines in logs and
// mail headers, and the controls of the bidirectional algorithm, which make a page show a text that is not there
// (Unicode technical report 36). The joiners that Persian and the scripts of India need stay.
func isTrick(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == utf8.RuneError || unicode.Is(unicode.Bidi_Control, r)
}
