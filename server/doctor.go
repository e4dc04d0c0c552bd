package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/mayfly-auth/mayfly/internal/door"
)

// State is how something was found.
type State string

// What Examine says of each thing.
const (
	Good     State = "good"
	Doubtful State = "doubtful" // it works, and will hurt somebody
	Broken   State = "broken"
)

// Finding is one thing that Examine looked at.
type Finding struct {
	What   string // the setting that decides it
	State  State
	Detail string
	Fix    string // empty when there is nothing to mend
}

// Examine looks at a configuration and at what it needs to run: settings that contradict each other, the database, the
// secret, and whether browsers reach the server under its public URL. It changes nothing.
func Examine(ctx context.Context, c Config) []Finding {
	set, err := c.check()
	if err != nil {
		return faultFindings(err)
	}
	findings := []Finding{{What: "settings", State: Good, Detail: "complete and readable"}}
	findings = append(findings, set.examineDatabase(ctx)...)
	findings = append(findings, set.examineReach(ctx))
	return append(findings, set.doubts()...)
}

func faultFindings(err error) (findings []Finding) {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		for _, one := range joined.Unwrap() {
			findings = append(findings, faultFindings(one)...)
		}
		return findings
	}
	var fault *SettingError
	if errors.As(err, &fault) {
		return []Finding{{What: fault.Setting, State: Broken, Detail: fault.Detail, Fix: fault.Fix}}
	}
	return []Finding{{What: "settings", State: Broken, Detail: err.Error()}}
}

// examineDatabase opens the database only if that changes nothing in it.
func (s settings) examineDatabase(ctx context.Context) []Finding {
	found := Finding{What: "database_url", State: Broken}
	current, latest, err := s.database.schema(ctx)
	switch {
	case err != nil:
		found.Detail = err.Error()
	case current == 0:
		found.State, found.Detail = Good, s.database.name+": nothing there yet; the first start makes it"
	case current < latest:
		found.State, found.Fix = Doubtful, "run `mayfly migrate`, or start the server, which does the same"
		found.Detail = fmt.Sprintf("%s has schema %d, this mayfly works on %d", s.database.name, current, latest)
	default:
		return append(s.examineRooms(ctx), s.examineSecretFile()...)
	}
	return []Finding{found}
}

func (s settings) examineRooms(ctx context.Context) []Finding {
	if _, err := s.secrets(); err != nil {
		return []Finding{{What: "secret", State: Broken, Detail: err.Error()}}
	}
	rooms, err := s.open(ctx)
	if err != nil {
		return []Finding{{What: "database_url", State: Broken, Detail: err.Error()}}
	}
	defer rooms.Close()
	if err := rooms.store.Ping(ctx); err != nil {
		return []Finding{{What: "database_url", State: Broken, Detail: err.Error()}}
	}
	return []Finding{
		{What: "database_url", State: Good, Detail: s.database.name + " can be read and written"},
		{What: "secret", State: Good, Detail: "opens the signing keys"},
	}
}

// examineSecretFile looks at who else may read the file.
func (s settings) examineSecretFile() []Finding {
	path := filepath.Join(s.Data, secretFile)
	info, err := os.Stat(path)
	if len(s.Secrets) > 0 || err != nil || info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	return []Finding{{
		What: "secret", State: Doubtful, Detail: fmt.Sprintf("other users of this machine can read %s (%s)", path, info.Mode().Perm()),
		Fix: "chmod 600 " + path,
	}}
}

// reachTimeout is for a server that answers at all.
const reachTimeout = 5 * time.Second

// examineReach asks for the metadata under the public URL: the first thing that every verifier does too.
func (s settings) examineReach(ctx context.Context) Finding {
	found := Finding{What: "public_url", State: Broken}
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	address := s.publicURL.String() + "/.well-known/oauth-authorization-server"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		found.Detail = err.Error()
		return found
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		found.State, found.Detail = Doubtful, "nobody answers there, seen from this machine: "+err.Error()
		found.Fix = "start the server, and see that its proxy hands " + s.publicURL.String() + " to " + s.Listen
		return found
	}
	defer resp.Body.Close()
	var metadata struct {
		Issuer string `json:"issuer"`
	}
	err = json.UnmarshalRead(http.MaxBytesReader(nil, resp.Body, 1<<20), &metadata, json.RejectUnknownMembers(false))
	switch {
	case resp.StatusCode != http.StatusOK || err != nil:
		found.Detail = fmt.Sprintf("%s answers %s, which is not Mayfly", address, resp.Status)
		found.Fix = "see that the proxy hands the whole path to Mayfly and takes nothing off it"
	case metadata.Issuer != s.publicURL.String():
		found.Detail = fmt.Sprintf("the server there calls itself %s: verifiers refuse its tokens", metadata.Issuer)
		found.Fix = "give both the same public_url"
	default:
		found.State, found.Detail = Good, s.publicURL.String()+" is answered by this Mayfly"
	}
	return found
}

// doubts are settings that work and will hurt somebody. A start logs them.
func (s settings) doubts() (findings []Finding) {
	if others := s.crossSite(); len(others) > 0 {
		findings = append(findings, crossSiteFinding(others, s.publicURL))
	}
	host, _, _ := net.SplitHostPort(s.Listen)
	address, err := netip.ParseAddr(host)
	if !s.development() && len(s.proxies) == 0 && (door.IsLoopback(host) || err == nil && address.IsPrivate()) {
		findings = append(findings, Finding{
			What: "trusted_proxies", State: Doubtful,
			Detail: "listen is " + s.Listen + ", so a proxy stands before it, and none is trusted: every visitor has the proxy's address, and one " +
				"who guesses passwords slows all others down",
			Fix: "set trusted_proxies to the proxy's address",
		})
	}
	if s.InsecureHTTP && !s.development() {
		findings = append(findings, Finding{
			What: "insecure_http", State: Doubtful, Detail: "every token travels readable to " + s.publicURL.String(), Fix: "use https",
		})
	}
	return findings
}
