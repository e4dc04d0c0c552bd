package user

import "strings"

// The shortest and longest username, in characters.
const (
	MinUsername = 3
	MaxUsername = 32
)

// ParseUsername reads a username and returns it as it is kept. The error is an *InvalidError.
//
// A username is ASCII, so that nobody can be imitated with letters that look alike, and has no "@", so that it can
// never be somebody's email.
func ParseUsername(s string) (string, error) {
	s = strings.TrimSpace(s)
	switch {
	case len(s) < MinUsername:
		return "", badUsername("The username has fewer than 3 characters.", "Use 3 to 32 characters.")
	case !isUsername(s):
		return "", badUsername("The username has a character that is not allowed.",
			"Use the letters a to z, digits, dots, underscores and hyphens, and begin with a letter or a digit.")
	case len(s) > MaxUsername:
		return "", badUsername("The username has more than 32 characters.", "Use 3 to 32 characters.")
	}
	return s, nil
}

func badUsername(detail, fix string) *InvalidError {
	return &InvalidError{Field: "username", Detail: detail, Fix: fix}
}

func isUsername(s string) bool {
	for i, r := range s {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		case i > 0 && (r == '.' || r == '_' || r == '-'):
		default:
			return false
		}
	}
	return true
}
