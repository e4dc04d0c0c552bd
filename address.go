package mayfly

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// parseAddress reads the address of a server that is sent tokens or believed about keys, and refuses plain http unless
// nothing leaves this machine: whoever sits on the line would have both.
func parseAddress(field, text string, insecure bool) (*url.URL, error) {
	if strings.Contains(text, "@") {
		return nil, fmt.Errorf("mayfly: %s has a user name or a password in it: leave that out", field)
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("mayfly: %s is %q, which is not the address of a server: write it like "+
			"https://auth.example.com", field, text)
	}
	switch {
	case u.Scheme == "https", u.Scheme == "http" && (insecure || isLoopback(u.Hostname())):
		return u, nil
	case u.Scheme == "http":
		return nil, fmt.Errorf("mayfly: %s is %q, and over plain http anybody on the way can read tokens and replace "+
			"keys: write https://, or set InsecureHTTP if the network is your own", field, text)
	}
	return nil, fmt.Errorf("mayfly: %s is %q: its scheme must be https", field, text)
}

// trimSlash makes an address one to which a path is added.
func trimSlash(address string) string { return strings.TrimRight(address, "/") }

// isLoopback reports whether a host name stays on this machine: RFC 6761 section 6.3 for the names.
func isLoopback(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// originOf returns scheme://host[:port] in the one spelling that browsers use: lower case, no default port.
func originOf(u *url.URL) string {
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	switch scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	}
	return scheme + "://" + host
}

// parseOrigin reads an origin from the configuration. A path would be ignored silently, so it is refused.
func parseOrigin(field, text string, insecure bool) (string, error) {
	u, err := parseAddress(field, text, insecure)
	if err != nil {
		return "", err
	}
	if u.Path != "" && u.Path != "/" {
		return "", fmt.Errorf("mayfly: %s has %q: an origin has no path, write %s", field, text, originOf(u))
	}
	return originOf(u), nil
}
