package credential

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

var alice = []string{"alice.liddell@wonderland.example", "whiterabbit", "Alice Liddell"}

func TestGoodPasswordsAreTaken(t *testing.T) {
	for _, password := range []string{
		"correct horse battery staple", "correcthorsebatterystaple", "CorrectHorseBatteryStaple",
		"korrekt pferd batterie heftklammer", "le chat dort sous la pluie", "пароль кота под дождём", "日本語のとても長い合言葉",
		"kX9#mQ2p", "v7Tq-m2Lx", "🦊🌧🎻🚲🧀🗝🌵🐙", "whiterabbit runs past a purple lighthouse",
		strings.Repeat("correct horse battery staple ", 35), // 1,015 characters
	} {
		if err := (Policy{}).Check(password, alice...); err != nil {
			t.Errorf("%.40q: %v", password, err)
		}
	}
}

func TestRandomPasswordsAreTaken(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, tt := range []struct {
		alphabet        string
		length, refused int // at most, of 300
	}{
		{"abcdefghijklmnopqrstuvwxyz", 15, 0},
		{"abcdefghijklmnopqrstuvwxyz0123456789", 15, 0},
		{"ABCDEFGHIJKLMNOPQRSTUVWXYZ", 15, 0},
		{"0123456789abcdef", 15, 0},
		{"4@8({[<369!1|70$5+%2", 15, 0},
		{"абвгдеёжзийклмн", 15, 0},
		{"0123456789", 15, 3}, // now and then one counts from 1 to 5
		{"0123456789", 20, 0},
	} {
		refused := 0
		for range 300 {
			letters := []rune(tt.alphabet)
			password := make([]rune, tt.length)
			for i := range password {
				password[i] = letters[random.IntN(len(letters))]
			}
			if (Policy{}).Check(string(password), alice...) != nil {
				refused++
			}
		}
		if refused > tt.refused {
			t.Errorf("%d of 300 random passwords of %d from %q are refused", refused, tt.length, tt.alphabet)
		}
	}
}

func TestWeakPasswordsAreRefusedWithTheReason(t *testing.T) {
	for password, reason := range map[string]string{
		"":                                 "fewer than 8",
		"kX9#mQ2":                          "fewer than 8",
		"яяяяяяя":                          "fewer than 8", // 14 bytes, 7 characters
		"e\u0301e\u0301e\u0301e\u0301":     "fewer than 8", // 8 code points as typed, 4 characters
		strings.Repeat("ab1!x", 300):       "more than 1024",
		strings.Repeat("я", 1<<20):         "more than 1024",
		"ab\xffcdefgh":                     "not valid text",
		"password":                         "used most",
		"PASSWORD":                         "used most",
		"Password1!":                       "many people use",
		"P@ssw0rd!":                        "many people use",
		"qwertyuiop":                       "used most",
		"monkey2026":                       "many people use",
		"liddell1862":                      "your name",
		"wonderland!":                      "your name",
		"WhiteRabbit1":                     "your name",
		"alice.liddell@wonderland.example": "your name",
		"Mayfly2026":                       "name of this service",
		"acmecorp99":                       "name of this service",
		"aaaaaaaaaaaaaaaaaaaa":             "few different",
		"abababababababab":                 "few different",
		"abcdabcdabcdabcd":                 "repeats",
		"hunter2hunter2":                   "repeats",
		"abcdefghijklmnop":                 "alphabet",
		"zxcvbnm,./":                       "",
		"blackboard":                       "common word",
		"Jennifer22":                       "common name",
		"27364519":                         "",
		"13051999":                         "",
	} {
		err := Policy{Words: []string{"acmecorp"}}.Check(password, alice...)
		var weak *WeakError
		if !errors.As(err, &weak) || !strings.Contains(weak.Detail, reason) || weak.Fix == "" {
			t.Errorf("%.40q: %v, want a reason with %q", password, err, reason)
		}
	}
}

// The estimate costs the cube of the length, so what follows character 72 neither costs nor helps.
func TestAWeakBeginningIsNotMadeGoodByALongTail(t *testing.T) {
	if err := (Policy{}).Check(strings.Repeat("password", 9) + "kX9#mQ2p!vT4z"); err == nil {
		t.Error("it is taken")
	}
}

func TestTheShortestLengthIsASetting(t *testing.T) {
	if err := (Policy{MinLength: 15}).Check("kX9#mQ2p!vT4z"); err == nil || !strings.Contains(err.Error(), "fewer than 15") {
		t.Errorf("Check = %v", err)
	}
}

func TestPeriod(t *testing.T) {
	for text, want := range map[string]int{"": 0, "a": 1, "aaa": 1, "abab": 2, "ababa": 2, "abcabcab": 3, "abcd": 4, "aab": 3, "abaab": 3} {
		if got := period([]rune(text)); got != want {
			t.Errorf("period(%q) = %d, want %d", text, got, want)
		}
	}
}

func FuzzPolicy(f *testing.F) {
	for _, s := range []string{"password", "P@ssw0rd!", "13.05.1999", "日本語のとても長い", "\u0130\u0130\u0130\u0130\u0130\u0130\u0130\u0130", "4@8({[<369!1|70$5+%2", "\xff", "ſſſſſſſſ123qwe"} {
		f.Add(s, "Alice \u0130")
	}
	f.Fuzz(func(t *testing.T, password, name string) {
		err := Policy{}.Check(password, name)
		var weak *WeakError
		if err != nil && !errors.As(err, &weak) {
			t.Fatalf("Check = %v", err)
		}
		if err == nil && (utf8.RuneCountInString(password) < DefaultMinLength && !hasMarks(password) || len(password) > maxBytes) {
			t.Errorf("%q is taken", password)
		}
	})
}

// hasMarks reports characters that NFC splits, of which there are a few.
func hasMarks(s string) bool { return string(forms(s)[0]) != s }
