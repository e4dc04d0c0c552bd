package limit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/netip"
)

// SameNetwork reports whether two addresses are, for all that anybody can tell, one place. An unknown address is the
// same as none.
func SameNetwork(a, b netip.Addr) bool {
	network := networkOf(a)
	return network.IsValid() && network == networkOf(b)
}

// Place names the network that an address belongs to, for counting who comes from there. An unknown address is in none: "".
func Place(a netip.Addr) string {
	if network := networkOf(a); network.IsValid() {
		return network.String()
	}
	return ""
}

// networkOf is the least that one household or office has: an IPv4 address, an IPv6 /64. The zero Prefix means that
// the address is unknown.
func networkOf(a netip.Addr) netip.Prefix { return prefix(a, 32, 64) }

// neighbourhoodOf is the most that one attacker gets for nothing: whoever rents a server or a line has an IPv6 /48 of
// 65,536 networks, but one IPv4 address.
func neighbourhoodOf(a netip.Addr) netip.Prefix { return prefix(a, 32, 48) }

func prefix(a netip.Addr, bits4, bits6 int) netip.Prefix {
	a = a.Unmap() // ::ffff:192.0.2.1 is 192.0.2.1
	bits := bits6
	if a.Is4() {
		bits = bits4
	}
	p, err := a.Prefix(bits) // which drops the zone, a name for our own interface
	if err != nil {          // only the zero Addr
		return netip.Prefix{}
	}
	return p
}

// names makes the keys of the store.
type names struct{ key []byte }

// of hashes a kind of bucket and what it is for. Each part goes in with its length, so that no two lists of parts are
// the same bytes.
func (n names) of(kind string, parts ...string) string {
	mac := hmac.New(sha256.New, n.key)
	for _, part := range append([]string{kind}, parts...) {
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		mac.Write([]byte(part))
	}
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:20])
}
