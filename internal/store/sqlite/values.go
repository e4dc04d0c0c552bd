package sqlite

import (
	"database/sql"
	"encoding/json"
	"net/netip"
	"time"
)

// millis is how a time is stored. It rounds down, for the times in rows and for the moments they are compared with.
func millis(t time.Time) int64 { return t.UnixMilli() }

// orNull is how a time is stored that may never have come.
func orNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func fromNullMillis(ms sql.NullInt64) time.Time {
	if !ms.Valid {
		return time.Time{}
	}
	return fromMillis(ms.Int64)
}

// textOrNull stores the empty string as NULL, which a UNIQUE column may hold many times.
func textOrNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// words stores a list of strings; nil and empty stay apart.
func words(list []string) (any, error) {
	if list == nil {
		return nil, nil
	}
	b, err := json.Marshal(list)
	return string(b), err
}

func fromWords(text sql.NullString) ([]string, error) {
	if !text.Valid {
		return nil, nil
	}
	list := []string{}
	err := json.Unmarshal([]byte(text.String), &list)
	return list, err
}

// address stores an IP address as its bytes, with its zone if it has one.
func address(a netip.Addr) any {
	if !a.IsValid() {
		return nil
	}
	b, _ := a.MarshalBinary() // never fails
	return b
}

func fromAddress(b []byte) (a netip.Addr, err error) {
	err = a.UnmarshalBinary(b)
	return a, err
}
