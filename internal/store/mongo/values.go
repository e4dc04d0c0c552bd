package mongo

import (
	"encoding/hex"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// moment is how a time is stored. It rounds down to the millisecond, for the times in documents and for the moments they
// are compared with.
func moment(t time.Time) time.Time { return time.UnixMilli(t.UnixMilli()).UTC() }

// orNone is how a time is stored that may never have come.
func orNone(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = moment(t)
	return &t
}

func fromNone(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// binaryID is how an id is stored: binary data of subtype 4, which is ordered as ids are.
func binaryID(id uuid.UUID) bson.Binary {
	return bson.Binary{Subtype: bson.TypeBinaryUUID, Data: id[:]}
}

// fromBinaryID returns the zero id for what is none.
func fromBinaryID(b bson.Binary) (id uuid.UUID) {
	copy(id[:], b.Data)
	return id
}

// nameOf is an id as a member's name.
func nameOf(id uuid.UUID) string { return hex.EncodeToString(id[:]) }

// fromName returns the zero id for what is none.
func fromName(name string) (id uuid.UUID) {
	_, _ = hex.Decode(id[:], []byte(name))
	return id
}

// plain is text that the database takes: what a device calls itself is any bytes at all.
func plain(s string) string {
	const replacement = string(utf8.RuneError)
	return strings.ReplaceAll(strings.ToValidUTF8(s, replacement), "\x00", replacement)
}

// address stores an IP address as text, with its zone if it has one.
func address(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

func fromAddress(text string) (netip.Addr, error) {
	if text == "" {
		return netip.Addr{}, nil
	}
	return netip.ParseAddr(text)
}
