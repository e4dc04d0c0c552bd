package transfer

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mayfly-auth/mayfly/internal/keyset"
	"github.com/mayfly-auth/mayfly/internal/session"
)

// The tables that are compared. They are those of the idea; a backend may divide its own otherwise.
const (
	users = iota
	identifiers
	passwords
	sessions
	signingKeys
	revocations
	tables
)

var tableNames = [tables]string{"users", "identifiers", "passwords", "sessions", "signing keys", "revocations"}

// row is one row in a form that does not depend on where it lies: the fields as text, the first of which tell it from
// all others.
type row struct {
	table  int
	name   string // for people
	fields []field
}

type field struct{ name, value string }

// rows returns everything of a person.
func (p Person) rows() []row {
	who := "user " + p.ID.String()
	list := append(make([]row, 0, 4+len(p.Sessions)), row{users, who, []field{
		{"id", p.ID.String()},
		{"email", p.Email},
		{"email_verified", strconv.FormatBool(p.EmailVerified)},
		{"username", p.Username},
		{"name", p.Name},
		{"roles", words(p.Roles)},
		{"metadata", string(p.Metadata)},
		{"epoch", strconv.FormatInt(p.Epoch, 10)},
		{"created_at", millis(p.CreatedAt)},
		{"updated_at", millis(p.UpdatedAt)},
		{"disabled_at", millis(p.DisabledAt)},
	}})
	for _, one := range []struct {
		table       int
		what, value string
	}{
		{identifiers, "email", p.EmailKey},
		{identifiers, "username", p.UsernameKey},
		{passwords, "password", p.PasswordHash},
	} {
		if one.value != "" {
			list = append(list, row{one.table, who + ", " + one.what, []field{{"id", p.ID.String()}, {"what", one.what}, {"value", one.value}}})
		}
	}
	for _, s := range p.Sessions {
		list = append(list, sessionRow(s))
	}
	return list
}

func sessionRow(s session.Session) row {
	address := ""
	if s.Device.Address.IsValid() {
		address = s.Device.Address.String()
	}
	return row{sessions, "session " + s.ID.String() + " of user " + s.User.String(), []field{
		{"user", s.User.String()},
		{"id", s.ID.String()},
		{"seed", string(s.Seed[:])},
		{"generation", strconv.FormatUint(uint64(s.Generation), 10)},
		{"parent", strconv.FormatUint(uint64(s.Parent), 10)},
		{"rotated_at", millis(s.RotatedAt)},
		{"epoch", strconv.FormatInt(s.Epoch, 10)},
		{"delivery", string(s.Delivery)},
		{"amr", words(s.AMR)},
		{"address", address},
		{"user_agent", s.Device.UserAgent},
		{"created_at", millis(s.CreatedAt)},
		{"expires_at", millis(s.ExpiresAt)},
		{"ended_at", millis(s.EndedAt)},
		{"end_reason", string(s.EndReason)},
	}}
}

func keyRow(k keyset.StoredKey) row {
	return row{signingKeys, "signing key " + k.ID, []field{
		{"id", k.ID},
		{"algorithm", k.Algorithm},
		{"public", string(k.Public)},
		{"sealed", string(k.Sealed)},
		{"created_at", millis(k.CreatedAt)},
		{"signs_at", millis(k.SignsAt)},
		{"revoked_at", millis(k.RevokedAt)},
	}}
}

func (r Revoked) rows() []row {
	return []row{{revocations, "revocation of session " + r.Session.String(), []field{
		{"user", r.User.String()},
		{"session", r.Session.String()},
		{"revoked_at", millis(r.At)},
	}}}
}

// normal is a person as every store can hold them: what a device calls itself is any bytes at all, and not every
// database takes those.
func (p Person) normal() Person {
	p.Sessions = slices.Clone(p.Sessions)
	for i := range p.Sessions {
		agent := &p.Sessions[i].Device.UserAgent
		const replacement = string(utf8.RuneError)
		*agent = strings.ReplaceAll(strings.ToValidUTF8(*agent, replacement), "\x00", replacement)
	}
	return p
}

// millis tells a time that never came from 1970.
func millis(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatInt(t.UnixMilli(), 10)
}

// words tells no list from an empty one.
func words(list []string) string {
	if list == nil {
		return ""
	}
	return strconv.Itoa(len(list)) + ":" + strings.Join(list, "\x00")
}

// digest is a fingerprint of the row. Each field is preceded by its length, so that no two rows read the same.
func (r row) digest() [sha256.Size]byte {
	b := make([]byte, 0, 512)
	for _, f := range r.fields {
		b = binary.AppendUvarint(b, uint64(len(f.value)))
		b = append(b, f.value...)
	}
	return sha256.Sum256(b)
}

// Tally is the number of rows of a table and their checksum, whatever their order: the sum of their fingerprints.
type Tally struct {
	Rows int
	sum  [sha256.Size]byte
}

func (t *Tally) add(digest [sha256.Size]byte) {
	t.Rows++
	carry := 0
	for i := range digest {
		carry += int(t.sum[i]) + int(digest[i])
		t.sum[i] = byte(carry)
		carry >>= 8
	}
}

// Checksum returns the beginning of the checksum for people to compare.
func (t Tally) Checksum() string { return fmt.Sprintf("%x", t.sum[:8]) }

// compareKeys orders revocations as databases do.
func compareKeys(a, b session.Key) int {
	if c := bytes.Compare(a.User[:], b.User[:]); c != 0 {
		return c
	}
	return bytes.Compare(a.Session[:], b.Session[:])
}
