package postgres

import (
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
)

// moment is how a time is stored. It rounds down to the millisecond, for the times in rows and for the moments they are
// compared with.
func moment(t time.Time) time.Time { return time.UnixMilli(t.UnixMilli()).UTC() }

// orNull is how a time is stored that may never have come.
func orNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return moment(t)
}

func fromNull(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// textOrNull stores the empty string as NULL.
func textOrNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// plain is text that the database takes: what a device calls itself is any bytes at all.
func plain(s string) string {
	const replacement = string(utf8.RuneError)
	return strings.ReplaceAll(strings.ToValidUTF8(s, replacement), "\x00", replacement)
}

// address stores an IP address as text, with its zone if it has one.
func address(a netip.Addr) any {
	if !a.IsValid() {
		return nil
	}
	return a.String()
}

func fromAddress(text *string) (netip.Addr, error) {
	if text == nil {
		return netip.Addr{}, nil
	}
	return netip.ParseAddr(*text)
}

// bytesOf is where an id is read to. A *uuid.UUID would be given its text, by way of its own method.
func bytesOf(id *uuid.UUID) *[16]byte { return (*[16]byte)(id) }

// pgUUID is an element of an array of ids.
func pgUUID(id uuid.UUID) pgtype.UUID { return pgtype.UUID{Bytes: id, Valid: true} }
