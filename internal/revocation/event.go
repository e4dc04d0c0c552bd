package revocation

import (
	"encoding/base64"
	"strconv"
	"time"
)

// eventMarks is how many sessions one event names at most: under 10 kB, which every reader of lines takes.
const eventMarks = 500

// cached is the event that was made last. Followers who are up to date all send the same.
type cached struct {
	from, to uint64
	second   uint32 // of the memory's life, since an event says how many are left
	text     []byte
}

// revoked returns the event that names these entries, of which the first has this number. (WHATWG HTML, server-sent
// events.)
func (f *Feed) revoked(entries []entry, from uint64) []byte {
	to, now := from+uint64(len(entries)), uint32(time.Since(f.memory.birth)/time.Second)
	if c := f.cached; c.from != from || c.to != to || c.second != now || c.text == nil {
		f.cached = cached{from: from, to: to, second: now, text: encode(entries, now)}
	}
	return f.cached.text
}

func encode(entries []entry, now uint32) []byte {
	newest, until := int64(0), now+1
	for _, e := range entries {
		newest, until = max(newest, e.at), max(until, e.until)
	}
	b := make([]byte, 0, 96+19*len(entries))
	b = append(b, "event: revoked\nid: "...)
	b = strconv.AppendInt(b, newest, 10)
	b = append(b, "\ndata: {\"sessions\":["...)
	for i, e := range entries {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = base64.RawURLEncoding.AppendEncode(b, e.mark[:])
		b = append(b, '"')
	}
	b = append(b, "],\"expires_in\":"...)
	b = strconv.AppendUint(b, uint64(until-now), 10)
	return append(b, "}\n\n"...)
}

// current returns the event that says: everything up to now has been named. Its id is the database's clock at the reading
// that knows it.
func current(now time.Time) []byte {
	b := append([]byte(nil), "event: current\nid: "...)
	b = strconv.AppendInt(b, now.UnixMilli(), 10)
	return append(b, "\ndata: {}\n\n"...)
}
