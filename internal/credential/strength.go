package credential

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ccojocar/zxcvbn-go"
	"github.com/ccojocar/zxcvbn-go/match"
	"github.com/ccojocar/zxcvbn-go/matching"
	"golang.org/x/text/unicode/norm"
)

const (
	// scoredLength is how many characters zxcvbn gets to see; its work grows with the cube.
	scoredLength = 72
	// enough is zxcvbn's "safely unguessable": more than ten thousand million guesses.
	enough = 3
	// leetSigns is how many different signs may stand for letters before that is no longer looked for: the
	// combinations take a second at twenty, and nobody remembers a word with seven.
	leetSigns = 6

	tooSimple = "it is too short for how simple it is"
)

// guessable says what makes a password easy to guess, or "".
func guessable(password []rune, about []string) string {
	text := plain(password[:min(len(password), scoredLength)])
	result := zxcvbn.PasswordStrength(text, personal(about), matchersToSkip(text)...)
	if result.Score >= enough {
		return ""
	}
	return weakness(result.MatchSequence, len(text))
}

// weakness names the kind of the pattern that covers most of the password.
func weakness(patterns []match.Match, length int) string {
	var worst match.Match
	most := 0
	for _, m := range patterns {
		if n := len(m.Token); m.Pattern != "bruteforce" && n > most {
			worst, most = m, n
		}
	}
	if worst.Pattern == "dictionary" {
		return dictionaryWeakness(worst.DictionaryName, most == length)
	}
	if 2*most < length { // a small part is no reason to refuse the whole
		return tooSimple
	}
	switch worst.Pattern {
	case "spatial":
		return "it follows keys that lie side by side"
	case "repeat":
		return "it repeats a character"
	case "sequence":
		return "it follows the alphabet or counts"
	}
	return tooSimple
}

func dictionaryWeakness(dictionary string, whole bool) string {
	switch {
	case dictionary == "user_inputs":
		return "it is built on your name, your username, your email address or the name of this service"
	case dictionary == "Passwords" && whole:
		return "it is one of the passwords that are used most"
	case dictionary == "Passwords":
		return "it is built on a password that many people use"
	case dictionary == "English":
		return "it is built on a common word"
	}
	return "it is built on a common name"
}

// personal splits what is known of a person into the words that a password may be built on.
func personal(about []string) []string {
	var words []string
	for _, text := range append([]string{"mayfly"}, about...) {
		text = norm.NFC.String(text)
		if len(text) > 4*scoredLength { // not checked yet, perhaps: it comes with a registration
			continue
		}
		pieces := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		for _, piece := range append(pieces, text, strings.Join(pieces, "")) {
			if utf8.RuneCountInString(piece) > 2 {
				words = append(words, plain([]rune(strings.ToLower(piece))))
			}
		}
	}
	return words
}

// plain gives every character one byte, because zxcvbn mixes up bytes and characters and can panic over the
// difference. What is not ASCII becomes a control character, which is a sign to zxcvbn and stands in no list.
func plain(text []rune) string {
	ascii := make([]byte, len(text))
	for i, r := range text {
		ascii[i] = byte(r)
		if r >= utf8.RuneSelf {
			ascii[i] = byte(0x0e + r%18)
		}
	}
	return string(ascii)
}

// matchersToSkip leaves out what would take too long, or would be wrong: among digits, any lie side by side on one of
// the keypads or stand for letters, so that fifteen random ones would be refused.
func matchersToSkip(text string) (skip []func(match.Matcher) bool) {
	signs, digits := 0, 0
	for _, sign := range "4@8({[<369!1|70$5+%2" {
		if strings.ContainsRune(text, sign) {
			signs++
		}
	}
	for _, r := range text {
		if '0' <= r && r <= '9' {
			digits++
		}
	}
	number := 2*digits > len(text)
	if signs > leetSigns || number {
		skip = append(skip, matching.FilterL33tMatcher)
	}
	if number {
		skip = append(skip, matching.FilterSpatialMatcher)
	}
	return skip
}
