//go:build e2e

package e2e

import (
	"net/http"
	"testing"
)

// Commands on the users of MongoDB, as they travel. A rotation is one command, which finds and changes; where it finds
// nothing to change, the session is read.
var (
	mongoRotation = kind{"\x02findAndModify\x00\x06\x00\x00\x00users\x00"}
	mongoReading  = kind{"\x02find\x00\x06\x00\x00\x00users\x00", "\x10sessions."}
	mongoChange   = kind{"\x02update\x00\x06\x00\x00\x00users\x00"}
)

// TestPromise12_AnEndingOvertakesAPausedRefreshOnMongoDB holds a refresh where it can be held: the database makes its one
// command as a whole, so that nothing comes between. Within the refresh window there are two, and something does.
func TestPromise12_AnEndingOvertakesAPausedRefreshOnMongoDB(t *testing.T) {
	on := deploy(t, storeNamed(t, "MongoDB"))
	way := newRoad(t, on.url)
	nodes := []*process{
		start(t, "--refresh-window", "1ms"),
		start(t, "--refresh-window", "1ms", "--database-url", way.url),
		start(t, "--refresh-window", "10m", "--database-url", way.url),
	}
	through := apis(t, nodes)
	at := func(where stop, what kind) func() { return func() { way.hold(where, what) } }
	overtake(t, nodes[0], through, []pause{
		{"before it is made", through[1], at(beforeTheDatabase, mongoRotation), way.holds, way.open, false},
		{"before it is answered", through[1], at(onTheWayBack, mongoRotation), way.holds, way.open, true},
		{"between the write that finds nothing and the read", through[2], at(beforeTheDatabase, mongoReading), way.holds, way.open, false},
	})
}

// TestPromise12_AnEndingThatIsPausedEndsWhatCameBetween holds an ending of one node when it has read what it reads and
// not yet written. Meanwhile the session goes on at another node, and somebody signs in there.
func TestPromise12_AnEndingThatIsPausedEndsWhatCameBetween(t *testing.T) {
	on := deploy(t, storeNamed(t, "MongoDB"))
	way := newRoad(t, on.url)
	free := start(t, "--refresh-window", "1ms")
	t.Setenv("MAYFLY_DATABASE_URL", way.url) // for the commands of the binary as well
	held := start(t, "--refresh-window", "1ms")
	through := apis(t, []*process{held, free})
	for i, one := range endings {
		t.Run(one.name, func(t *testing.T) {
			v := victim{email: email(i)}
			v.answer = through[0].register(t, v.email)
			end := one.prepare(t, held, through[0], v)
			way.hold(beforeTheDatabase, mongoChange)
			came := make(chan [2]answer, 1)
			go func() {
				came <- comeBetween(way, through[1], v)
			}()
			end()
			way.open() // if nothing was held
			between := <-came
			tokens := []string{v.Refresh}
			stored := on.sessions(t)
			for j, got := range between {
				if got.Status != http.StatusOK {
					t.Fatalf("while the ending was held: %d %s", got.Status, got.Body)
				}
				if j > 0 && !one.all {
					continue
				}
				tokens = append(tokens, got.Refresh)
				// Its access token is told as revoked only where the ending is written down.
				if left, ok := stored[got.Session.ID]; ok && !left.Ended {
					t.Error("a session is over and not written down as such")
				}
			}
			nobodyGoesOn(t, through, tokens...)
		})
	}
}

// comeBetween refreshes and signs in when the ending is held, and lets it go on.
func comeBetween(way *road, at *api, v victim) (got [2]answer) {
	if !way.comes() {
		return got
	}
	defer way.open()
	got[0], _ = at.refresh(v.Refresh) // one without an answer has no status
	got[1], _ = at.call("POST", "/v1/login", "", map[string]string{"identifier": v.email, "password": password, "delivery": "body"})
	return got
}
