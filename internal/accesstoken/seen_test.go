package accesstoken

import (
	"testing"
	"time"
)

// Nobody can make two tokens with one hash at will, so the collision is put into the table by hand.
func TestACollisionOfHashesAdmitsNobody(t *testing.T) {
	s := NewSeen[string, string](4)
	always, now := func(string) bool { return true }, time.Now()
	s.Put("ada's token", "key", now, now.Add(time.Minute), "ada")
	place, hash := s.place("eve's token")
	for i := range place {
		if e := place[i].Load(); e != nil {
			collision := *e
			collision.hash = hash
			place[i].Store(&collision)
		}
	}
	if who := s.Get("eve's token", now, always); who != nil {
		t.Errorf("another token was taken for that of %s", *who)
	}
}
