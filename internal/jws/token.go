package jws

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Header is the part of a token's header that has a meaning here.
type Header struct {
	Algorithm Algorithm
	KeyID     string // chosen by whoever made the token: look it up, never build a path or a query from it (STD-22)
	Type      string // typ, as it was written
}

// Token is a token taken apart. Nothing in it can be believed before Verify has returned nil.
type Token struct {
	Header    Header
	Payload   []byte // decoded; read-only
	input     []byte // header.payload as they were signed
	signature []byte
}

// encoding is base64url without padding that takes a last character only with its unused bits zero. With any other
// reading the same token has several spellings, and a list of refused tokens is walked around by changing one letter.
var encoding = base64.RawURLEncoding.Strict()

// Parse takes a token apart and checks its form, not its signature. It refuses, with ErrMalformed:
//
//   - whatever is not three non-empty parts of [A-Za-z0-9_-] joined by dots: padding, line breaks, the JSON
//     serialisation, a JWE (STD-27), and base64url whose last character is not canonical;
//   - more than MaxLength bytes;
//   - a header that is not an object in the sense of [DecodeObject], or whose alg, kid or typ is not a string;
//   - crit in any form, an empty list too: we understand no extension (RFC 7515 section 4.1.11, STD-21), and b64
//     (RFC 7797) and zip, which change what is signed;
//   - jku, jwk, x5u and x5c: a token that brings its own key has nothing to say to us (STD-20).
//
// An alg outside the constants, none in any spelling among them, is ErrAlgorithm.
func Parse(token string) (*Token, error) {
	if len(token) > MaxLength {
		return nil, malformed("the token is too long")
	}
	header, rest, _ := strings.Cut(token, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	if header == "" || payload == "" || signature == "" {
		return nil, malformed("a token has three parts, none of them empty")
	}
	// The decoder below skips line breaks and refuses everything else that is not of the alphabet, dots included.
	if strings.ContainsAny(token, "\r\n") {
		return nil, malformed("a token has no line breaks")
	}

	// One allocation holds the token and its three decoded parts.
	text := append(make([]byte, 0, 2*len(token)), token...)
	src, dst := text, text[len(text):]
	var parts [3][]byte
	for i, length := range [3]int{len(header), len(payload), len(signature)} {
		decoded, err := encoding.AppendDecode(dst, src[:length])
		if err != nil {
			return nil, malformed("a part is not canonical base64url")
		}
		parts[i] = decoded[:len(decoded):len(decoded)]
		dst = decoded[len(decoded):]
		src = src[min(length+1, len(src)):]
	}
	h, err := parseHeader(parts[0])
	if err != nil {
		return nil, err
	}
	return &Token{
		Header:    h,
		Payload:   parts[1],
		input:     text[:len(header)+1+len(payload)],
		signature: parts[2],
	}, nil
}

// refused are the header members that no token may carry, see Parse.
var refused = [...]string{"crit", "b64", "zip", "jku", "jwk", "x5u", "x5c"}

func parseHeader(data []byte) (Header, error) {
	members, err := DecodeObject(data)
	if err != nil {
		return Header{}, fmt.Errorf("header: %w", err)
	}
	for _, name := range refused {
		if _, ok := members[name]; ok {
			return Header{}, malformed("the header carries " + name)
		}
	}
	var h Header
	var alg string
	if err := errors.Join(
		readText(members, "alg", &alg),
		readText(members, "kid", &h.KeyID),
		readText(members, "typ", &h.Type),
	); err != nil {
		return Header{}, fmt.Errorf("header: %w", err)
	}
	h.Algorithm = Algorithm(alg).canonical()
	if !h.Algorithm.Valid() {
		return Header{}, ErrAlgorithm
	}
	return h, nil
}

// Verify checks the signature. The key decides the algorithm: a token whose header names another is ErrAlgorithm, so
// that a public key is never taken for an HMAC secret (RFC 8725 section 3.1, STD-18).
func (t *Token) Verify(k *PublicKey) error {
	if k == nil || k.half == nil || t.Header.Algorithm != k.Algorithm {
		return ErrAlgorithm
	}
	if !k.half.verify(t.input, t.signature) {
		return ErrSignature
	}
	return nil
}

// Sign makes a token: the payload as it is, under a header with the key's alg and kid, and typ unless that is empty.
func Sign(k *PrivateKey, typ string, payload []byte) (string, error) {
	if k == nil || k.half == nil {
		return "", unusable("there is no private key")
	}
	if len(payload) == 0 {
		return "", malformed("a token needs a payload")
	}
	header, err := k.header(typ)
	if err != nil {
		return "", err
	}
	const usualSignature = 64 // that of every algorithm but RSA, for which the buffer grows
	token := make([]byte, 0, len(header)+1+encoding.EncodedLen(len(payload))+1+encoding.EncodedLen(usualSignature))
	token = append(token, header...)
	token = append(token, '.')
	token = encoding.AppendEncode(token, payload)
	signature, err := k.half.sign(token)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	token = append(token, '.')
	token = encoding.AppendEncode(token, signature)
	if len(token) > MaxLength {
		return "", malformed(fmt.Sprintf("the token would have %d bytes, %d are allowed", len(token), MaxLength))
	}
	return string(token), nil
}

// encodedHeader is the first part of every token that a key signs under one typ.
type encodedHeader struct{ id, typ, text string }

// header remembers the last one made: a server signs under one typ, and building it costs more than the rest of the
// token but the signature.
func (k *PrivateKey) header(typ string) (string, error) {
	if h := k.last.Load(); h != nil && h.id == k.ID && h.typ == typ {
		return h.text, nil
	}
	members := struct {
		Algorithm Algorithm `json:"alg"`
		KeyID     string    `json:"kid,omitempty"`
		Type      string    `json:"typ,omitempty"`
	}{k.Algorithm, k.ID, typ}
	data, err := json.Marshal(members)
	if err != nil {
		return "", fmt.Errorf("encode header: %w", err)
	}
	h := &encodedHeader{id: k.ID, typ: typ, text: encoding.EncodeToString(data)}
	k.last.Store(h)
	return h.text, nil
}
