package pages

import (
	"fmt"
	"strings"
	"time"

	"github.com/mayfly-auth/mayfly/internal/session"
)

// stamp is a moment as pages show it: in UTC, until the script puts it into the visitor's own time.
type stamp struct{ time.Time }

// Machine is for the datetime attribute.
func (s stamp) Machine() string { return s.UTC().Format(time.RFC3339) }

// Words is for people.
func (s stamp) Words() string { return s.UTC().Format("2 Jan 2006, 15:04 UTC") }

// inWords puts a span into words, in its two largest units and never shorter than it is: "30 days", "1 hour 30 minutes".
func inWords(d time.Duration) string {
	units := []struct {
		name string
		size time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}}
	d = roundUp(max(d, 1), time.Second)
	first := 0
	for d < units[first].size {
		first++
	}
	last := min(first+1, len(units)-1)
	d = roundUp(d, units[last].size)
	var words []string
	for _, unit := range units[first : last+1] {
		if n := d / unit.size; n > 0 {
			words = append(words, plural(int(n), unit.name))
			d -= n * unit.size
		}
	}
	return strings.Join(words, " ")
}

func roundUp(d, unit time.Duration) time.Duration { return (d + unit - 1).Truncate(unit) }

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// reasonInWords says why a session in the list ended. The words are short; the sign-in page has whole sentences.
func reasonInWords(reason session.Reason) string {
	switch reason {
	case session.SignedOut:
		return "Signed out"
	case session.SignedOutElsewhere:
		return "Signed out from another device"
	case session.SignedOutEverywhere:
		return "Signed out with every other device"
	case session.Replaced:
		return "Replaced by a new sign-in on the same device"
	case session.PasswordChanged:
		return "Ended because the password was changed"
	case session.UserDisabled:
		return "Ended because the account was disabled"
	case session.EndedByAdmin:
		return "Ended by an administrator"
	case session.RefreshReused:
		return "Ended because its refresh token was copied"
	case session.IdleExpired:
		return "Expired: not used for too long"
	case session.Expired:
		return "Expired: reached its greatest age"
	case "":
		return ""
	}
	return "Ended"
}
