package user

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestParseUsername(t *testing.T) {
	for given, kept := range map[string]string{
		"alice": "alice", " Alice_2.0-x ": "Alice_2.0-x", "007": "007", strings.Repeat("a", 32): strings.Repeat("a", 32),
		"al": "", "": "", strings.Repeat("a", 33): "", "alice@home": "", ".alice": "", "_alice": "", "-alice": "",
		"al ice": "", "аlice": "", "ali\u200bce": "", "alice\x00": "", "élise": "",
	} {
		got, err := ParseUsername(given)
		if got != kept || (kept == "") != isInvalid(err, "username") {
			t.Errorf("ParseUsername(%q) = %q, %v", given, got, err)
		}
	}
}

func TestParseName(t *testing.T) {
	hundred := strings.Repeat("я", 100)
	for given, kept := range map[string]string{
		"": "", " Alice  Liddell ": "Alice  Liddell", "Jose\u0301": "José", "山田 太郎": "山田 太郎", hundred: hundred,
		"می\u200cخواهم": "می\u200cخواهم", // Persian needs its joiners
		"O'Brien <3":    "O'Brien <3",    // escaping is the business of the page
	} {
		if got, err := ParseName(given); got != kept || err != nil {
			t.Errorf("ParseName(%q) = %q, %v", given, got, err)
		}
	}
	for _, given := range []string{
		hundred + "я", "Alice\nAdmin", "Alice\x00", "Alice\x1b[31m", "Alice\u202egnp.exe", "Alice\u2066", "\xff", "Alice\u2028Bob",
		strings.Repeat("e\u0301", 1<<20),
	} {
		if got, err := ParseName(given); !isInvalid(err, "name") {
			t.Errorf("ParseName(%.40q) = %.40q, %v", given, got, err)
		}
	}
}

func TestParseRoles(t *testing.T) {
	got, err := ParseRoles([]string{"admin", "billing:read", "admin"})
	if err != nil || strings.Join(got, " ") != "admin billing:read" {
		t.Errorf("ParseRoles = %q, %v", got, err)
	}
	many := make([]string, MaxRoles+1)
	for i := range many {
		many[i] = "r" + strings.Repeat("x", i%60) + string(rune('a'+i/60))
	}
	for _, given := range [][]string{{""}, {"two words"}, {`quo"te`}, {`back\slash`}, {"rôle"}, {"tab\t"}, {"a,b"}, {strings.Repeat("a", 65)}, many} {
		if got, err := ParseRoles(given); !isInvalid(err, "roles") {
			t.Errorf("ParseRoles(%.60q) = %q, %v", given, got, err)
		}
	}
}

func TestParseMetadata(t *testing.T) {
	for given, kept := range map[string]string{
		"": "", " null ": "", "{}": "{}", "{ \"plan\" : \"pro\",\n\"n\": 1.50 }": `{"plan":"pro","n":1.50}`,
		strings.Repeat(`{"a":`, 16) + "1" + strings.Repeat("}", 16): strings.Repeat(`{"a":`, 16) + "1" + strings.Repeat("}", 16),
	} {
		if got, err := ParseMetadata(json.RawMessage(given)); err != nil || string(got) != kept {
			t.Errorf("ParseMetadata(%q) = %q, %v", given, got, err)
		}
	}
	for _, given := range []string{
		"[]", `"text"`, "1", "{", `{"a":1}{}`, `{"a":1,"a":2}`, `{"a":{"b":1,"b":2}}`, "{\"a\":\"\xff\"}", `{"a":1,}`, `{a:1}`,
		`{"a":"` + strings.Repeat("x", MaxMetadata) + `"}`, strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000),
		strings.Repeat(`{"a":`, 17) + "1" + strings.Repeat("}", 17),
	} {
		if got, err := ParseMetadata(json.RawMessage(given)); !isInvalid(err, "metadata") {
			t.Errorf("ParseMetadata(%.40q) = %.40q, %v", given, got, err)
		}
	}
}

func TestParseMetadataLeavesTheCallersBytesAlone(t *testing.T) {
	given := json.RawMessage(`{ "a": 1 }`)
	if _, err := ParseMetadata(given); err != nil || string(given) != `{ "a": 1 }` {
		t.Errorf("%s, %v", given, err)
	}
}

func TestNewNamesEveryBadFieldAtOnce(t *testing.T) {
	_, err := New("nobody", "x", "a\nb", time.Now())
	var bad Invalid
	if !errors.As(err, &bad) || len(bad) != 3 || bad[0].Field != "email" || bad[1].Field != "name" || bad[2].Field != "username" {
		t.Errorf("New = %v", err)
	}
}

func TestNewUserIsWhatAStoreGivesBack(t *testing.T) {
	now := time.Date(2026, 11, 24, 8, 0, 0, 123_456_789, time.UTC)
	u, err := New("Alice@Example.com", "", "", now)
	if err != nil || u.ID.Version() != 7 || u.Email != "Alice@Example.com" || u.Username != "" || u.Disabled() {
		t.Errorf("New = %+v, %v", u, err)
	}
	if !u.CreatedAt.Equal(now.Truncate(time.Millisecond)) || !u.UpdatedAt.Equal(u.CreatedAt) {
		t.Errorf("created at %v, updated at %v", u.CreatedAt, u.UpdatedAt)
	}
}

func TestChangeParseTouchesOnlyWhatIsNamed(t *testing.T) {
	c, err := Change{Username: new(""), Name: new(" Al ")}.Parse()
	if err != nil || c.Email != nil || c.Roles != nil || c.Metadata != nil || *c.Username != "" || *c.Name != "Al" {
		t.Errorf("Parse = %+v, %v", c, err)
	}
	_, err = Change{Email: new("x"), Username: new("x"), Roles: &[]string{""}, Metadata: new(json.RawMessage("1"))}.Parse()
	var bad Invalid
	if !errors.As(err, &bad) || len(bad) != 4 {
		t.Errorf("Parse = %v", err)
	}
}

func TestInvalidCollectGivesBackWhatIsNotAboutFields(t *testing.T) {
	var bad Invalid
	other := errors.New("the disk is full")
	if err := bad.Collect(other); !errors.Is(err, other) {
		t.Errorf("Collect = %v", err)
	}
	if err := bad.Collect(Invalid{{Field: "name"}}); err != nil || len(bad) != 1 || bad.Err() == nil {
		t.Errorf("Collect = %v, %v", err, bad)
	}
	if err := Invalid(nil).Err(); err != nil {
		t.Errorf("an empty list is an error: %v", err)
	}
}

func FuzzParseUsername(f *testing.F) {
	for _, s := range []string{"alice", "a@b", " x.y ", "Аlice"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		kept, err := ParseUsername(s)
		if err != nil {
			return
		}
		if strings.Contains(Key(kept), "@") || len(kept) < MinUsername || len(kept) > MaxUsername || Key(kept) != strings.ToLower(kept) {
			t.Errorf("%q is kept as %q", s, kept)
		}
	})
}

func FuzzParseName(f *testing.F) {
	for _, s := range []string{"Alice", "e\u0301", "a\u202eb", "\u0344", "a\r\nb"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		kept, err := ParseName(s)
		if err != nil {
			return
		}
		if again, err := ParseName(kept); again != kept || err != nil {
			t.Errorf("%q is kept as %q, which is kept as %q, %v", s, kept, again, err)
		}
		if utf8.RuneCountInString(kept) > MaxName || strings.ContainsAny(kept, "\r\n\x00\u202e") {
			t.Errorf("%q is kept as %q", s, kept)
		}
	})
}

func FuzzParseMetadata(f *testing.F) {
	for _, s := range []string{`{}`, `{"a":[1,{"b":null}]}`, `{"a":1,"a":1}`, ` {"\u0061":1,"a":2}`, `{"a":"\ud800"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		kept, err := ParseMetadata(raw)
		if err != nil || kept == nil {
			return
		}
		var members map[string]any
		if err := json.Unmarshal(kept, &members); err != nil || len(kept) > MaxMetadata {
			t.Errorf("%q is kept as %q: %v", raw, kept, err)
		}
		if again, err := ParseMetadata(kept); err != nil || string(again) != string(kept) {
			t.Errorf("%q is kept as %q, which is kept as %q, %v", raw, kept, again, err)
		}
	})
}

func isInvalid(err error, field string) bool {
	var bad *InvalidError
	return errors.As(err, &bad) && bad.Field == field && bad.Detail != "" && bad.Fix != "" && !strings.ContainsAny(bad.Error(), "\r\n")
}
