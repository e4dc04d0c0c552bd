package sqlite

import (
	"database/sql/driver"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestWhatCannotBeReadFailsTheQuery: a column of another kind, or one too many, must not come out as a zero.
func TestWhatCannotBeReadFailsTheQuery(t *testing.T) {
	f := newFixture(t)
	for name, c := range map[string]struct {
		text string
		read func(*row)
		says string
	}{
		"a text for a number":   {"SELECT 'x'", func(r *row) { r.integer() }, "column 1"},
		"a number for a text":   {"SELECT 'x', 1", func(r *row) { r.text(); r.text() }, "column 2"},
		"a text for a time":     {"SELECT 'x'", func(r *row) { r.time() }, "column 1"},
		"a short id":            {"SELECT x'00'", func(r *row) { r.id() }, "1 bytes in place of 16"},
		"a long id":             {"SELECT zeroblob(17)", func(r *row) { r.id() }, "17 bytes in place of 16"},
		"an address of 3 bytes": {"SELECT x'000000'", func(r *row) { r.address() }, "column 1"},
		"words that are none":   {"SELECT '{}'", func(r *row) { r.words() }, "column 1"},
		"one column too many":   {"SELECT 1", func(r *row) { r.integer(); r.integer() }, "there are 1"},
	} {
		_, err := read(t.Context(), f.readers, func(db *conn) (bool, error) { return db.row(c.read, c.text) })
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestNullReadsAsTheZeroValue(t *testing.T) {
	f := newFixture(t)
	found, err := read(t.Context(), f.readers, func(c *conn) (bool, error) {
		return c.row(func(r *row) {
			if n, s, b, yes := r.integer(), r.text(), r.blob(), r.flag(); n != 0 || s != "" || b != nil || yes {
				t.Errorf("%v %q %v %v", n, s, b, yes)
			}
			if at, list, a := r.time(), r.words(), r.address(); !at.Equal(time.Time{}) || list != nil || a.IsValid() {
				t.Errorf("%v %v %v", at, list, a)
			}
		}, "SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL")
	})
	if err != nil || !found {
		t.Errorf("found %v, error %v", found, err)
	}
}

// TestWordsComeBackAsTheyWere has the words that a reader of plain lists could split in the wrong place.
func TestWordsComeBackAsTheyWere(t *testing.T) {
	for _, list := range [][]string{
		nil,
		{},
		{""},
		{"", ""},
		{"pwd"},
		{"pwd", "otp"},
		{"a,b", ","},
		{`","`},
		{`"`, `\`, `\"`},
		{"[", "]", `["x"]`},
		{"<&>"},
		{"line\nbreak"},
		{"Größe", "🦋"},
	} {
		stored, err := words(list)
		if err != nil {
			t.Fatal(err)
		}
		r := row{values: []driver.Value{stored}}
		if back := r.words(); r.err != nil || !slices.Equal(back, list) || (back == nil) != (list == nil) {
			t.Errorf("%q came back as %q, error %v", list, back, r.err)
		}
	}
}

// TestWordsAnotherHandHasWritten are lists that a command or an older program may have left.
func TestWordsAnotherHandHasWritten(t *testing.T) {
	for text, want := range map[string][]string{
		`["a", "b"]`: {"a", "b"}, ` ["a"]`: {"a"}, `["a" ,"b"]`: {"a", "b"}, `["\u0061"]`: {"a"}, `[ ]`: {},
	} {
		if got, err := fromWords(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, error %v", text, got, err)
		}
	}
	for _, text := range []string{`[`, `["`, `["]`, `["a"b"]`, `["a","b]`, `"a"`, `["a",1]`, `{"a":"b"}`, "null,"} {
		if got, err := fromWords(text); err == nil {
			t.Errorf("%s was read as %q", text, got)
		}
	}
}
