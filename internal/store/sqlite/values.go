package sqlite

import (
	"encoding/json"
	"net/netip"
	"strings"
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

func fromWords(text string) ([]string, error) {
	if list, ok := plainWords(text); ok {
		return list, nil
	}
	list := []string{}
	err := json.Unmarshal([]byte(text), &list)
	return list, err
}

// plainWords reads the list that words writes where no string of it needs escaping, which is nearly always: every
// refresh reads two of them, and a parser would take longer than the rest of the row.
func plainWords(text string) (list []string, ok bool) {
	inner, opened := strings.CutPrefix(text, `["`)
	inner, closed := strings.CutSuffix(inner, `"]`)
	if !opened || !closed || strings.Contains(inner, `\`) {
		return nil, false
	}
	list = strings.Split(inner, `","`)
	return list, strings.Count(inner, `"`) == 2*(len(list)-1)
}

// address stores an IP address as its bytes, with its zone if it has one.
func address(a netip.Addr) any {
	if !a.IsValid() {
		return nil
	}
	b, _ := a.MarshalBinary() // never fails
	return b
}
