package user

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// What an administrator may give a user at most. Roles and mapped metadata travel in every access token, and a cookie
// holds 4096 bytes (STD-83).
const (
	MaxRoles    = 64
	maxRole     = 64
	MaxMetadata = 16 << 10 // bytes
)

// ParseRoles returns the roles as they are kept: in the order given, each once. A role is 1 to 64 visible ASCII
// characters without spaces, quotes and backslashes, as an OAuth scope is, so that it can be put into one, and without
// commas, so that a header can list several. The error is an *InvalidError.
func ParseRoles(roles []string) ([]string, error) {
	kept := make([]string, 0, len(roles))
	seen := make(map[string]bool, len(roles))
	for _, role := range roles {
		if len(role) > maxRole || !isRole(role) {
			return nil, &InvalidError{
				Field: "roles", Detail: "A role has a character that is not allowed, is empty, or has more than 64 characters.",
				Fix: "Use 1 to 64 ASCII letters, digits and signs without spaces, quotes, commas or backslashes.",
			}
		}
		if !seen[role] {
			seen[role] = true
			kept = append(kept, role)
		}
	}
	if len(kept) > MaxRoles {
		return nil, &InvalidError{Field: "roles", Detail: "There are more than 64 roles.", Fix: "Give at most 64."}
	}
	return kept, nil
}

// isRole is scope-token of RFC 6749 section 3.3 without the comma.
func isRole(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r < 0x21 || r > 0x7e || r == '"' || r == '\\' || r == ','
	})
}

// ParseMetadata reads a JSON object of at most 16 KiB and returns it as it is kept: without white space, nil for
// nothing or null. Members named twice are refused, because two readers would each believe another one. The error is
// an *InvalidError.
func ParseMetadata(raw json.RawMessage) (json.RawMessage, error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	if len(raw) > MaxMetadata {
		return nil, &InvalidError{Field: "metadata", Detail: "The metadata is larger than 16 KiB.", Fix: "Keep large data elsewhere."}
	}
	value := jsontext.Value(bytes.Clone(raw))
	if value.Kind() != '{' || !value.IsValid() || value.Compact() != nil { // Compact alone lets names come twice
		return nil, &InvalidError{
			Field: "metadata", Detail: "The metadata is not a JSON object, or names a member twice.",
			Fix: `Give one object, such as {"plan":"pro"}.`,
		}
	}
	if depth(value) > maxMetadataDepth {
		return nil, &InvalidError{
			Field: "metadata", Detail: "The metadata is nested too deep.", Fix: "Keep objects and lists in each other to 16 levels.",
		}
	}
	return json.RawMessage(value), nil
}

// maxMetadataDepth is well under what a reader of tokens follows when metadata is mapped to a claim.
const maxMetadataDepth = 16

// depth returns how deep objects and arrays lie in each other in a valid value.
func depth(value jsontext.Value) (deepest int) {
	decoder := jsontext.NewDecoder(bytes.NewReader(value))
	for {
		if _, err := decoder.ReadToken(); err != nil {
			return deepest
		}
		deepest = max(deepest, decoder.StackDepth())
	}
}
