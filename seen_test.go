package mayfly

import (
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
)

// Nobody can make two tokens with one hash at will, so the collision is put into the table by hand.
func TestACollisionOfHashesAdmitsNobody(t *testing.T) {
	s := newSeenTokens(4, 0)
	set, now := new(keySet), time.Now()
	s.put("ada's token", set, now, &Claims{Subject: "ada", ExpiresAt: now.Add(time.Minute)}, accesstoken.Mark{})
	place, hash := s.place("eve's token")
	for i := range place {
		if e := place[i].Load(); e != nil {
			collision := *e
			collision.hash = hash
			place[i].Store(&collision)
		}
	}
	if e := s.get("eve's token", set, now); e != nil {
		t.Errorf("another token was taken for that of %s", e.claims.Subject)
	}
}
