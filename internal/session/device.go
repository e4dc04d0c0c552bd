package session

import (
	"net/netip"
	"strings"

	"github.com/mileusna/useragent"
)

// Device is what a sign-in tells of where it came from. It serves people who look through their sessions, never a
// decision: all of it can be forged.
type Device struct {
	UserAgent string
	Address   netip.Addr
}

// Name puts the user agent into words for a list of sessions: "Firefox on Linux", "curl", "unknown device".
func (d Device) Name() string {
	agent := useragent.Parse(d.UserAgent)
	name, system := strings.TrimSpace(agent.Name), strings.TrimSpace(agent.OS)
	switch {
	case name == "":
		return "unknown device"
	case system == "":
		return name
	}
	return name + " on " + system
}
