package jws_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/jws"
)

// nested is an object with n levels of nesting altogether.
func nested(n int) string {
	return strings.Repeat(`{"a":`, n-1) + `{}` + strings.Repeat(`}`, n-1)
}

func TestAnObjectIsReadInOneWayOnly(t *testing.T) {
	good := []string{
		`{}`, " \t\r\n{ \"a\" : 1 , \"b\" : [ ] } \n",
		`{"a":{"a":{"a":[{"a":1},{"a":2}]}}}`,
		`{"a":-0,"b":0.5,"c":1e9,"d":1E+9,"e":12.5e-3}`,
		`{"a":true,"b":false,"c":null,"d":""}`,
		`{"":1," ":2,"A":3,"a":4}`,
		`{"a":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é😀"}`,
		nested(32),
	}
	for _, text := range good {
		if _, err := jws.DecodeObject([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	bad := []string{
		``, ` `, `null`, `[]`, `1`, `"a"`, `{`, `}`, `{}}`, `{} {}`, `{}x`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{"a" 1}`,
		`{a:1}`, `{'a':1}`, `{"a":1 "b":2}`, `{"a":[1,]}`, `{"a":[1 2]}`, `{"a":[}`, `{"a":[1`, `{"a":{"b":1]}`,
		`{"a":01}`, `{"a":+1}`, `{"a":.5}`, `{"a":1.}`, `{"a":1e}`, `{"a":1e+}`, `{"a":--1}`, `{"a":-}`, `{"a":0x1}`, `{"a":NaN}`,
		`{"a":tru}`, `{"a":True}`, `{"a":nul`, `{"a":undefined}`, `{"a":1/*c*/}`,
		`{"a":"`, `{"a":"\`, `{"a":"\x"}`, `{"a":"\u12"}`, `{"a":"\u12g4"}`, "{\"a\":\"\n\"}", "{\"a\":\"\x00\"}",
		`{"a":1,"a":1}`, `{"a":1,"\u0061":1}`, `{"x":{"a":1,"a":2}}`, `{"x":[{"a":1,"a":2}]}`,
		`{"a":"\ud800"}`, `{"a":"\udc00"}`, `{"a":"\ud800\ud800"}`, `{"a":"\ud800x"}`, `{"a":"\ud800\n"}`, `{"\ud800":1}`,
		"{\"a\":\"\xff\"}", "{\"a\":\"\xed\xa0\x80\"}", "{\"a\":\"\xc0\xaf\"}", "\ufeff{}",
		nested(33), `{"a":` + strings.Repeat(`[`, 32) + strings.Repeat(`]`, 32) + `}`,
	}
	for _, text := range bad {
		if _, err := jws.DecodeObject([]byte(text)); !errors.Is(err, jws.ErrMalformed) {
			t.Errorf("%q: %v, want ErrMalformed", text, err)
		}
	}
}

// FuzzDecodeObject holds the scanner to encoding/json: what we accept it accepts, with the same members and values.
// What it accepts and we do not is a leniency named at DecodeObject, so that direction says nothing.
func FuzzDecodeObject(f *testing.F) {
	for _, seed := range []string{
		`{}`, payload, `{"a":[1,{"b":"\u00e9"}],"\ud83d\ude00":-1.5e+3}`, `{"a":1,"a":2}`, `{"a":"\ud800"}`, nested(40), `{"a":tru`, `{"a" : 0 }`,
		`{"a":[],"b":[ "x" , "\u00e9\"]" ],"c":["x",null],"d":[[]],"e":null,"f":"[]"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		ours, err := jws.DecodeObject(data)
		if !bytes.Equal(before, data) {
			t.Fatal("the input was changed")
		}
		if err != nil {
			return
		}
		var theirs map[string]json.RawMessage
		if err := json.Unmarshal(data, &theirs); err != nil {
			t.Fatalf("we accept %q, encoding/json says %v", data, err)
		}
		if len(ours) != len(theirs) {
			t.Fatalf("%q: %d members, encoding/json sees %d", data, len(ours), len(theirs))
		}
		for name, value := range theirs {
			if !bytes.Equal(ours[name], value) {
				t.Fatalf("%q: member %q is %s, encoding/json sees %s", data, name, ours[name], value)
			}
			var want any
			if err := json.Unmarshal(value, &want); err != nil {
				t.Fatal(err)
			}
			s, ok := jws.DecodeString(ours[name])
			if text, isText := want.(string); isText != ok || text != s {
				t.Fatalf("%s read as string gives %q, %v", value, s, ok)
			}
			list, ok := jws.DecodeStrings(ours[name])
			if wantList, isList := stringsOf(want); isList != ok || !slices.Equal(list, wantList) {
				t.Fatalf("%s read as strings gives %q, %v", value, list, ok)
			}
		}
		if again, err := jws.DecodeObject(data); err != nil || !reflect.DeepEqual(again, ours) {
			t.Fatal("the same bytes read twice differ")
		}
	})
}

// stringsOf is what a list of strings looks like after encoding/json.
func stringsOf(value any) ([]string, bool) {
	items, ok := value.([]any)
	if !ok {
		return nil, false
	}
	var list []string
	for _, item := range items {
		s, ok := item.(string)
		if !ok {
			return nil, false
		}
		list = append(list, s)
	}
	return list, true
}
