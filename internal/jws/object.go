package jws

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds how deep objects and arrays may lie in each other, and so the stack.
const maxDepth = 32

// DecodeObject reads a JSON object the way a security decision needs it, where encoding/json lets two readers of the
// same bytes see two different things. It refuses:
//
//   - the same member twice, at any depth, also when one is spelled with escapes (RFC 8725 section 2.6, STD-28);
//   - bytes that are not UTF-8, and escapes of half a surrogate pair, which readers replace or drop each in its own way;
//   - anything before or after the object but white space, and nesting deeper than 32.
//
// Names are case-sensitive. The values are slices of data, checked in full; [DecodeString] reads those that are strings,
// [DecodeStrings] lists of them.
func DecodeObject(data []byte) (map[string]json.RawMessage, error) {
	if !utf8.Valid(data) {
		return nil, malformed("the JSON is not UTF-8")
	}
	s := scanner{data: data, names: string(data)}
	s.space()
	if s.peek() != '{' {
		return nil, malformed("the JSON is not an object")
	}
	members := make(map[string]json.RawMessage, min(len(data)/28, 32))
	if err := s.object(members); err != nil {
		return nil, err
	}
	if s.space(); s.at != len(data) {
		return nil, malformed("there is something after the JSON object")
	}
	return members, nil
}

// DecodeString reads a string among the values of [DecodeObject]; false says that it is something else.
func DecodeString(value json.RawMessage) (string, bool) {
	if len(value) < 2 || value[0] != '"' {
		return "", false
	}
	text := value[1 : len(value)-1]
	for _, c := range text {
		if c == '\\' {
			var s string
			err := json.Unmarshal(value, &s)
			return s, err == nil
		}
	}
	return string(text), true
}

// DecodeStrings reads a list of strings among the values of [DecodeObject]; false says that it is something else.
func DecodeStrings(value json.RawMessage) ([]string, bool) {
	if len(value) == 0 || value[0] != '[' {
		return nil, false
	}
	s := scanner{data: value, at: 1}
	list := []string{}
	for s.space(); !s.take(']'); s.space() {
		begin := s.at
		if s.text() != nil {
			return nil, false
		}
		text, ok := DecodeString(value[begin:s.at])
		if !ok {
			return nil, false
		}
		list = append(list, text)
		s.space()
		s.take(',') // there is one, or the end: the list was checked
	}
	return list, true
}

// readText reads one member into a string. An absent one leaves it alone, null is no string.
func readText(members map[string]json.RawMessage, name string, into *string) error {
	value, present := members[name]
	if !present {
		return nil
	}
	s, ok := DecodeString(value)
	if !ok {
		return malformed(name + " is not a string")
	}
	*into = s
	return nil
}

// scanner walks JSON text (RFC 8259) once. It decodes nothing but member names.
type scanner struct {
	data  []byte
	names string // the same text, which the names are cut from: one allocation for all of them
	at    int
	depth int
}

var errJSON = malformed("this is not JSON")

// peek returns the next byte, 0 at the end: no rule of the grammar begins with 0.
func (s *scanner) peek() byte {
	if s.at < len(s.data) {
		return s.data[s.at]
	}
	return 0
}

// take consumes c if it comes next.
func (s *scanner) take(c byte) bool {
	if s.peek() == c {
		s.at++
		return true
	}
	return false
}

func (s *scanner) space() {
	for {
		switch s.peek() {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}

// enter counts one level of nesting.
func (s *scanner) enter() error {
	if s.depth++; s.depth > maxDepth {
		return malformed("the JSON is nested too deep")
	}
	return nil
}

// object reads an object that begins here and puts its members into members, which is empty.
func (s *scanner) object(members map[string]json.RawMessage) error {
	if err := s.enter(); err != nil {
		return err
	}
	s.at++ // {
	s.space()
	for first := true; !s.take('}'); first = false {
		if !first {
			if !s.take(',') {
				return errJSON
			}
			s.space()
		}
		name, err := s.name()
		if err != nil {
			return err
		}
		if _, twice := members[name]; twice {
			return malformed("a JSON object has the same member twice")
		}
		s.space()
		begin := s.at
		if err := s.value(); err != nil {
			return err
		}
		members[name] = s.data[begin:s.at:s.at]
		s.space()
	}
	s.depth--
	return nil
}

// name reads the name of a member and the colon after it.
func (s *scanner) name() (string, error) {
	begin := s.at
	if err := s.text(); err != nil {
		return "", err
	}
	name, ok := s.names[begin+1:s.at-1], true
	if strings.IndexByte(name, '\\') >= 0 {
		name, ok = DecodeString(s.data[begin:s.at])
	}
	s.space()
	if !ok || !s.take(':') {
		return "", errJSON
	}
	return name, nil
}

func (s *scanner) array() error {
	if err := s.enter(); err != nil {
		return err
	}
	s.at++ // [
	s.space()
	for first := true; !s.take(']'); first = false {
		if !first {
			if !s.take(',') {
				return errJSON
			}
			s.space()
		}
		if err := s.value(); err != nil {
			return err
		}
		s.space()
	}
	s.depth--
	return nil
}

func (s *scanner) value() error {
	switch s.peek() {
	case '{':
		return s.object(map[string]json.RawMessage{})
	case '[':
		return s.array()
	case '"':
		return s.text()
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	}
	return s.number()
}

func (s *scanner) literal(word string) error {
	end := s.at + len(word)
	if end > len(s.data) || string(s.data[s.at:end]) != word {
		return errJSON
	}
	s.at = end
	return nil
}

func (s *scanner) number() error {
	s.take('-')
	if !s.take('0') && !s.digits() { // no leading zeros
		return errJSON
	}
	if s.take('.') && !s.digits() {
		return errJSON
	}
	if s.take('e') || s.take('E') {
		if !s.take('+') {
			s.take('-')
		}
		if !s.digits() {
			return errJSON
		}
	}
	return nil
}

// digits consumes one digit or more.
func (s *scanner) digits() bool {
	begin := s.at
	for c := s.peek(); '0' <= c && c <= '9'; c = s.peek() {
		s.at++
	}
	return s.at > begin
}

// text reads a string that begins here.
func (s *scanner) text() error {
	if !s.take('"') {
		return errJSON
	}
	for s.at < len(s.data) {
		c := s.data[s.at]
		s.at++
		switch {
		case c == '"':
			return nil
		case c < 0x20:
			return errJSON
		case c == '\\':
			if err := s.escape(); err != nil {
				return err
			}
		}
	}
	return errJSON
}

var errSurrogate = malformed("the JSON escapes half a surrogate pair")

// escape reads what follows a backslash. A high surrogate must be followed by the escape of a low one.
func (s *scanner) escape() error {
	c := s.peek()
	s.at++
	switch c {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return nil
	case 'u':
		unit, ok := s.hex()
		if !ok {
			return errJSON
		}
		if !isHigh(unit) && !isLow(unit) {
			return nil
		}
		if isHigh(unit) && s.take('\\') && s.take('u') {
			if unit, ok := s.hex(); ok && isLow(unit) {
				return nil
			}
		}
		return errSurrogate
	}
	return errJSON
}

func isHigh(unit uint16) bool { return unit&0xfc00 == 0xd800 }

func isLow(unit uint16) bool { return unit&0xfc00 == 0xdc00 }

// hex reads four hexadecimal digits.
func (s *scanner) hex() (uint16, bool) {
	var unit uint16
	for range 4 {
		c := s.peek()
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		unit = unit<<4 | uint16(c)
		s.at++
	}
	return unit, true
}
