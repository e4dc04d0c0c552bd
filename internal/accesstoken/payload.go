package accesstoken

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mayfly-auth/mayfly/internal/jws"
)

// The payload is written by hand: it is made for every refresh, its shape is known, and all that can go wrong with it
// is the escaping of strings, which is in one function here and held to encoding/json by a fuzz test.

// field is one claim of the profile, ready to be written.
type field struct {
	name   []byte // ,"name":
	source string
	path   []string // into the metadata; then source is empty
}

func makeFields(claims []Claim) []field {
	fields := make([]field, 0, len(claims))
	for _, c := range claims {
		f := field{name: append(appendString([]byte{','}, c.Name), ':'), source: c.Source}
		if path, ok := strings.CutPrefix(c.Source, metadataPrefix); ok {
			f.source, f.path = "", strings.Split(path, ".")
		}
		fields = append(fields, f)
	}
	return fields
}

// makeHead writes what all tokens of an issuer begin with. One audience is a string, more are a list (RFC 7519 section
// 4.1.3).
func makeHead(issuer string, audience []string) []byte {
	b := appendString([]byte(`{"iss":`), issuer)
	b = append(b, `,"aud":`...)
	if len(audience) == 1 {
		b = appendString(b, audience[0])
	} else {
		b = appendStrings(b, audience)
	}
	return append(b, `,"sub":`...)
}

func (i *Issuer) appendPayload(b []byte, s Subject, now, expiresAt time.Time) ([]byte, error) {
	b = append(b, i.head...)
	b = appendString(b, s.User)
	b = append(b, `,"exp":`...)
	b = strconv.AppendInt(b, expiresAt.Unix(), 10)
	b = append(b, `,"iat":`...)
	b = strconv.AppendInt(b, now.Unix(), 10)
	b = append(b, `,"jti":"`...)
	b = appendID(b)
	b = append(b, '"')
	if s.Session != "" {
		b = append(b, `,"sid":`...)
		b = appendString(b, s.Session)
	}
	if s.ClientID == "" {
		s.ClientID = DefaultClientID
	}
	b = append(b, `,"client_id":`...)
	b = appendString(b, s.ClientID)
	if !s.AuthTime.IsZero() {
		b = append(b, `,"auth_time":`...)
		b = strconv.AppendInt(b, s.AuthTime.Unix(), 10)
	}
	if len(s.AMR) > 0 {
		b = append(b, `,"amr":`...)
		b = appendStrings(b, s.AMR)
	}
	if s.Scope != "" {
		b = append(b, `,"scope":`...)
		b = appendString(b, s.Scope)
	}
	b, err := i.appendProfile(b, &s)
	return append(b, '}'), err
}

// appendProfile writes the configurable claims. What a person does not have is left out, but for the roles: those are
// always a list, so that claims.roles.includes("admin") answers instead of throwing.
func (i *Issuer) appendProfile(b []byte, s *Subject) ([]byte, error) {
	for _, f := range i.fields {
		if f.path != nil {
			value, err := metadata(s.Metadata, f.path)
			if err != nil {
				return b, err
			}
			if value != nil {
				b = append(append(b, f.name...), value...)
			}
			continue
		}
		switch f.source {
		case "sub":
			b = appendNamed(b, f.name, s.User)
		case "email":
			b = appendNamed(b, f.name, s.Email)
		case "email_verified":
			if s.Email != "" {
				b = strconv.AppendBool(append(b, f.name...), s.EmailVerified)
			}
		case "username":
			b = appendNamed(b, f.name, s.Username)
		case "name":
			b = appendNamed(b, f.name, s.Name)
		case "roles":
			b = appendStrings(append(b, f.name...), s.Roles)
		}
	}
	return b, nil
}

// metadata follows the path and returns the value at its end, nil if there is none. The strict reader is what keeps the
// value from breaking out of its place in the token.
func metadata(object json.RawMessage, path []string) (json.RawMessage, error) {
	for depth, name := range path {
		if len(object) == 0 || (depth > 0 && object[0] != '{') {
			return nil, nil
		}
		members, err := jws.DecodeObject(object)
		if err != nil {
			return nil, fmt.Errorf("metadata of the user: %w", err)
		}
		object = members[name]
	}
	return object, nil
}

// appendID writes a jti: 128 random bits, so no two tokens are the same even within one second.
func appendID(b []byte) []byte {
	var id [16]byte
	rand.Read(id[:]) // never fails: see the documentation of crypto/rand
	return base64.RawURLEncoding.AppendEncode(b, id[:])
}

func appendNamed(b, name []byte, value string) []byte {
	if value == "" {
		return b
	}
	return appendString(append(b, name...), value)
}

func appendStrings(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, s)
	}
	return append(b, ']')
}

// appendString writes a JSON string. Bytes that are not UTF-8 become U+FFFD; U+2028 and U+2029 are escaped for readers
// that paste JSON into JavaScript.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	plain := 0 // s[plain:i] needs no escape and is not written yet
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		r, size := rune(c), 1
		if c >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
			if (r != utf8.RuneError || size > 1) && r != '\u2028' && r != '\u2029' {
				i += size
				continue
			}
		}
		b = append(b, s[plain:i]...)
		if c == '"' || c == '\\' {
			b = append(b, '\\', c)
		} else {
			b = append(b, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
		}
		i += size
		plain = i
	}
	b = append(b, s[plain:]...)
	return append(b, '"')
}
