package lab

import (
	"fmt"
	"net/http"
	"time"

	"github.com/mayfly-auth/mayfly/internal/door"
)

// Settings are the lifetimes of a sandbox.
type Settings struct {
	AccessTTL     time.Duration
	RefreshWindow time.Duration
	IdleTimeout   time.Duration
	SessionTTL    time.Duration
}

// bound is how far one slider of the page goes.
type bound struct {
	Name        string // in JSON
	Least, Most time.Duration
}

const day = 24 * time.Hour

var (
	accessBound  = bound{"access_ttl", 5 * time.Second, time.Hour}
	windowBound  = bound{"refresh_window", time.Second, 2 * time.Minute}
	idleBound    = bound{"idle_timeout", time.Hour, 90 * day}
	sessionBound = bound{"session_ttl", time.Hour, 365 * day}
)

// farthest is how far one turn of a clock goes.
const farthest = 400 * day

// settingsJSON are Settings as the page sends them, in seconds.
type settingsJSON struct {
	AccessTTL     float64 `json:"access_ttl"`
	RefreshWindow float64 `json:"refresh_window"`
	IdleTimeout   float64 `json:"idle_timeout"`
	SessionTTL    float64 `json:"session_ttl"`
}

// read returns the settings, or all that is wrong with them.
func (j settingsJSON) read() (Settings, error) {
	var faults []door.FieldFault
	take := func(b bound, seconds float64) time.Duration {
		d, fault := b.read(seconds)
		faults = append(faults, fault...)
		return d
	}
	s := Settings{
		AccessTTL:     take(accessBound, j.AccessTTL),
		RefreshWindow: take(windowBound, j.RefreshWindow),
		IdleTimeout:   take(idleBound, j.IdleTimeout),
		SessionTTL:    take(sessionBound, j.SessionTTL),
	}
	if len(faults) > 0 {
		return Settings{}, &door.RequestError{Status: http.StatusUnprocessableEntity, Faults: faults}
	}
	return s, nil
}

func (b bound) read(seconds float64) (time.Duration, []door.FieldFault) {
	if !(seconds >= b.Least.Seconds() && seconds <= b.Most.Seconds()) { // NaN is neither
		return 0, []door.FieldFault{{
			Field:  b.Name,
			Detail: fmt.Sprintf("%v seconds is out of range.", seconds),
			Fix:    fmt.Sprintf("Send a number of seconds from %v to %v.", b.Least.Seconds(), b.Most.Seconds()),
		}}
	}
	return time.Duration(seconds * float64(time.Second)), nil
}
