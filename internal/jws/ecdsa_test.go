package jws

import (
	"bytes"
	"crypto/rand"
	"encoding/asn1"
	"math/big"
	"testing"
)

// A signature whose r or s begins with zeros, or with the top bit set, comes once in some hundred: the translation is
// tried with all of them, against the ASN.1 reader of the standard library.
func TestSignaturesOfEveryShapeTranslateBothWays(t *testing.T) {
	for zeros := range coordinate {
		for _, top := range []byte{0x01, 0x7f, 0x80, 0xff} {
			raw := make([]byte, 2*coordinate)
			if _, err := rand.Read(raw); err != nil {
				t.Fatal(err)
			}
			for i := range zeros {
				raw[i], raw[coordinate+31-i] = 0, 0
			}
			raw[zeros] = top
			raw[coordinate] = top // s stays the long one

			der, ok := derFromRaw(nil, raw)
			if !ok || len(der) > maxDER {
				t.Fatalf("%x is refused", raw)
			}
			var n struct{ R, S *big.Int }
			if rest, err := asn1.Unmarshal(der, &n); err != nil || len(rest) != 0 {
				t.Fatalf("%x became %x: %v", raw, der, err)
			}
			if !bytes.Equal(n.R.FillBytes(make([]byte, coordinate)), raw[:coordinate]) ||
				!bytes.Equal(n.S.FillBytes(make([]byte, coordinate)), raw[coordinate:]) {
				t.Fatalf("%x became %x", raw, der)
			}
			back, err := rawFromDER(der)
			if err != nil || !bytes.Equal(back, raw) {
				t.Fatalf("%x came back as %x, %v", raw, back, err)
			}
		}
	}
}

func TestDERThatIsNoSignatureIsAnError(t *testing.T) {
	good, _ := derFromRaw(nil, bytes.Repeat([]byte{0x81}, 2*coordinate))
	if _, err := rawFromDER(good); err != nil {
		t.Fatal(err)
	}
	for n := range good {
		if _, err := rawFromDER(good[:n]); err == nil {
			t.Errorf("%d bytes of it are accepted", n)
		}
	}
	for _, der := range []string{"\x30\x00", "\x30\x02\x02\x05", "\x30\x04\x02\x05\x01\x01", "\x31" + string(good[1:])} {
		if _, err := rawFromDER([]byte(der)); err == nil {
			t.Errorf("%x is accepted", der)
		}
	}
}

// RFC 7638 section 3.1.
func TestTheThumbprintIsThatOfTheRFC(t *testing.T) {
	m := jwk{
		Type: "RSA", E: "AQAB", ID: "2011-04-29", Algorithm: RS256,
		N: "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9" +
			"yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQF" +
			"h6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
	}
	if got := m.thumbprint(); got != "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs" {
		t.Errorf("got %s", got)
	}
}
