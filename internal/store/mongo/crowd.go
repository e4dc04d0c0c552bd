package mongo

import (
	"cmp"
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/session"
)

// crowd is how many sessions a user has. A document holds 16 MB, and is read and written as a whole: a program that signs
// in for every request and never signs out must not fill it.
type crowd struct {
	kept int // at most, the ended ones included
	live int // that are signed in, at least, when others have to go
	room int // is made at once
}

var usualCrowd = crowd{kept: 500, live: 400, room: 50}

// makeRoom forgets the sessions of a user that ended first. Of more than crowd.live that are signed in it ends those that were
// not used for the longest time: the new one takes their place.
func (s sessions) makeRoom(ctx context.Context, fresh session.Session) error {
	return s.changeUser(ctx, fresh.User, func(_ context.Context, d *userDocument) (*change, error) {
		if d == nil || int(d.Kept) < s.crowd.kept {
			return nil, nil
		}
		var over, live []uuid.UUID
		for name, one := range d.Sessions {
			if d.live(one) {
				live = append(live, fromName(name))
			} else {
				over = append(over, fromName(name))
			}
		}
		var c change
		if tooMany := len(live) - s.crowd.live; tooMany > 0 {
			byUse := func(a, b uuid.UUID) int {
				return cmp.Or(d.of(a).RotatedAt.Compare(d.of(b).RotatedAt), d.of(a).CreatedAt.Compare(d.of(b).CreatedAt))
			}
			slices.SortFunc(live, byUse)
			for _, id := range live[:tooMany] {
				c.end(id, session.Ending{At: fresh.CreatedAt, Reason: session.Replaced})
			}
			c.revoke(live[:tooMany]...)
		}
		slices.SortFunc(over, func(a, b uuid.UUID) int { return d.overSince(a).Compare(d.overSince(b)) })
		forgotten := over[:min(s.crowd.room, len(over))]
		for _, id := range forgotten {
			c.remove(within(id))
		}
		c.add("kept", -len(forgotten))
		return &c, nil
	})
}
