package session

import (
	"math"
	"time"
)

// Lineage is all that a session holds of its refresh tokens: no token, and no row per refresh.
type Lineage struct {
	Generation uint32    // of the newest token; the first is 1
	Parent     uint32    // the generation the newest was made from; 0 for the first
	RotatedAt  time.Time // when the newest was made
}

// Verdict is what the rule says of a presented token.
type Verdict int

// The three verdicts.
const (
	Reuse  Verdict = iota // neither newest nor parent: somebody copied a token
	Repeat                // the newest token is given again and nothing is written
	Rotate                // the next generation is made
)

// Rule is the refresh rule with its two settings.
type Rule struct {
	// Window is how long after a rotation the same answer is given again.
	Window time.Duration
	// Recovery accepts the parent after the window too, so that an answer may be lost for any length of time.
	// Without it the parent is then reuse, as a strict reading of RFC 9700 section 4.14.2 wants.
	Recovery bool
}

// Judge applies the rule to the generation presented at now. The second result is the lineage after the verdict.
//
// Order is by integer alone. The clock decides only whether an answer is repeated; one that stepped back makes the
// window longer and signs nobody out.
func (r Rule) Judge(l Lineage, presented uint32, now time.Time) (Verdict, Lineage) {
	next := Lineage{Generation: presented + 1, Parent: presented, RotatedAt: now}
	inWindow := now.Sub(l.RotatedAt) <= r.Window
	switch {
	case presented == math.MaxUint32: // 4,000 years of rotations; only a forgery gets here
		return Reuse, l
	case presented > l.Generation: // the database is an older backup: the token tells where the session was
		return Rotate, next
	case presented != l.Generation && presented != l.Parent:
		return Reuse, l
	case inWindow:
		return Repeat, l
	case presented == l.Parent && !r.Recovery:
		return Reuse, l
	}
	next.Generation = l.Generation + 1
	return Rotate, next
}
