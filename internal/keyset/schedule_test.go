package keyset

import (
	"testing"
	"time"
)

var (
	t0   = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	keep = 10 * time.Minute
)

// at makes a key that signs some minutes after t0.
func at(id string, minutes int) StoredKey {
	return StoredKey{ID: id, Algorithm: "ES256", SignsAt: t0.Add(time.Duration(minutes) * time.Minute)}
}

func revoked(k StoredKey) StoredKey {
	k.RevokedAt = k.SignsAt.Add(time.Minute)
	return k
}

func TestWhichKeySignsFollowsFromKeysAndClockAlone(t *testing.T) {
	cases := []struct {
		name   string
		keys   []StoredKey
		minute int
		want   string
	}{
		{"none", nil, 0, ""},
		{"the only one", []StoredKey{at("a", 0)}, 0, "a"},
		{"before the next", []StoredKey{at("a", 0), at("b", 60)}, 59, "a"},
		{"on the minute", []StoredKey{at("a", 0), at("b", 60)}, 60, "b"},
		{"the last of three", []StoredKey{at("a", 0), at("b", 60), at("c", 90)}, 100, "c"},
		{"two at once: the greater id", []StoredKey{at("a", 0), at("b", 60), at("c", 60)}, 60, "c"},
		{"the clock stepped back", []StoredKey{at("a", 0), at("b", 60)}, -5, "a"},
		{"revoked, the one before", []StoredKey{at("a", 0), revoked(at("b", 60))}, 70, "a"},
		{"revoked, its replacement", []StoredKey{at("a", 0), revoked(at("b", 60)), at("c", 65)}, 70, "c"},
		{"revoked, only a published one is left", []StoredKey{revoked(at("a", 0)), at("b", 60), at("c", 90)}, 30, "b"},
		{"a published one revoked", []StoredKey{at("a", 0), revoked(at("b", 60))}, 59, "a"},
		{"all revoked", []StoredKey{revoked(at("a", 0)), revoked(at("b", 60))}, 70, ""},
	}
	for _, c := range cases {
		got := ""
		if i := signer(c.keys, t0.Add(time.Duration(c.minute)*time.Minute)); i >= 0 {
			got = c.keys[i].ID
		}
		if got != c.want {
			t.Errorf("%s: %q signs, want %q", c.name, got, c.want)
		}
	}
}

func TestAKeyLivesThroughItsStates(t *testing.T) {
	keys := []StoredKey{at("a", 0), revoked(at("b", 60)), at("c", 70), at("d", 200)}
	cases := []struct {
		minute int
		want   [4]State
	}{
		{0, [4]State{Signing, Revoked, Published, Published}},
		{69, [4]State{Signing, Revoked, Published, Published}},
		{70, [4]State{Retiring, Revoked, Signing, Published}},
		{79, [4]State{Retiring, Revoked, Signing, Published}},
		{80, [4]State{Retired, Revoked, Signing, Published}},
		{200, [4]State{Retired, Revoked, Retiring, Signing}},
		{210, [4]State{Retired, Revoked, Retired, Signing}},
		{100_000, [4]State{Retired, Revoked, Retired, Signing}},
	}
	for _, c := range cases {
		now := t0.Add(time.Duration(c.minute) * time.Minute)
		for i, want := range c.want {
			if got := state(keys, i, keep, now); got != want {
				t.Errorf("minute %d: %s is %s, want %s", c.minute, keys[i].ID, got, want)
			}
			// A revoked key is kept for a month for people to see; a retired one goes.
			gone := want == Retired || (want == Revoked && c.minute > 60+30*24*60)
			if got := disposable(keys, i, keep, now); got != gone {
				t.Errorf("minute %d: %s is disposable: %v, want %v", c.minute, keys[i].ID, got, gone)
			}
		}
	}
}

func TestAKeyIsAddedWhenItIsDueAndNotTwice(t *testing.T) {
	hourly := Config{Algorithm: "ES256", RotateEvery: time.Hour, PublishFor: 20 * time.Minute}
	never := Config{Algorithm: "ES256", PublishFor: 20 * time.Minute}
	other := Config{Algorithm: "EdDSA", PublishFor: 20 * time.Minute}
	const no = -1
	cases := []struct {
		name   string
		config Config
		keys   []StoredKey
		minute int
		want   int // the minute from which the new key signs
	}{
		{"the first signs at once", hourly, nil, 7, 7},
		{"all revoked", never, []StoredKey{revoked(at("a", 0))}, 7, 7},
		{"too early", hourly, []StoredKey{at("a", 0)}, 39, no},
		{"as early as it must be published", hourly, []StoredKey{at("a", 0)}, 40, 60},
		{"published already", hourly, []StoredKey{at("a", 0), at("b", 60)}, 50, no},
		{"the published one was revoked", hourly, []StoredKey{at("a", 0), revoked(at("b", 60))}, 50, 70},
		{"the server was off", hourly, []StoredKey{at("a", 0)}, 5000, 5020},
		{"never", never, []StoredKey{at("a", 0)}, 1_000_000, no},
		{"another algorithm is wanted", other, []StoredKey{at("a", 0)}, 5, 25},
		{"and is under way", other, []StoredKey{at("a", 0), at("b", 25)}, 24, no},
	}
	for _, c := range cases {
		signsAt, add := c.config.due(c.keys, t0.Add(time.Duration(c.minute)*time.Minute))
		if add != (c.want != no) || (add && !signsAt.Equal(t0.Add(time.Duration(c.want)*time.Minute))) {
			t.Errorf("%s: %v, %v, want minute %d", c.name, signsAt, add, c.want)
		}
	}
}
