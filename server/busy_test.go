package server_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

func TestAServerIsBusyWhileSessionsAreUsed(t *testing.T) {
	var ahead atomic.Int64
	pass := func(d time.Duration) { ahead.Add(int64(d)) }
	begun := time.Now()
	c := config(t)
	c.Now = func() time.Time { return begun.Add(time.Duration(ahead.Load())) }
	s := open(t, c)
	signedIn := register(t, s, "ada@example.com")
	if s.Busy() {
		t.Error("busy after a sign-in alone")
	}
	uses := map[string]func() int{
		"a refresh": func() int {
			status, _ := post(t, s, "/v1/refresh", map[string]any{"refresh_token": signedIn.Refresh})
			return status
		},
		"a call": func() int { return me(t, s, signedIn.Access) },
	}
	for name, use := range uses {
		if status := use(); status != http.StatusOK {
			t.Fatalf("%s: status %d", name, status)
		}
		if !s.Busy() {
			t.Errorf("not busy after %s", name)
		}
		pass(100 * time.Millisecond)
		if s.Busy() {
			t.Errorf("busy a tenth of a second after %s", name)
		}
	}
}
