package door

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/mayfly-auth/mayfly/internal/session"
)

// longestUserAgent is how much of a User-Agent header is kept with a session.
const longestUserAgent = 512

// Device tells what a request says of the device it comes from.
func (d *Door) Device(r *http.Request) session.Device {
	agent := r.UserAgent()
	if len(agent) > longestUserAgent {
		agent = agent[:longestUserAgent]
	}
	return session.Device{UserAgent: strings.ToValidUTF8(agent, ""), Address: d.Address(r)}
}

// Address returns the address of the client: that of the connection, or, while that belongs to a trusted proxy, the
// one the proxy names. X-Forwarded-For is read from its right end, where our own proxies write; what a client put at
// the left end is never reached (STD-116).
func (d *Door) Address(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	address := peer.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && d.trusts(address); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		address = hop.Unmap().WithZone("")
	}
	return address
}

func (d *Door) trusts(address netip.Addr) bool {
	for _, prefix := range d.TrustedProxies {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}
