package mongo

import (
	"errors"
	"fmt"
	"maps"
	neturl "net/url"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"
)

const (
	defaultDatabase = "mayfly"
	defaultConns    = 32 // to each server, of one node
	connectTimeout  = 5 * time.Second
	selectTimeout   = 4 * time.Second
	stepTimeout     = 10 * time.Second // bounds a step with all that is waited for within it
)

// config is what a URL says.
type config struct {
	client   *options.ClientOptions
	database string
	timeout  time.Duration // of a step
}

// parse reads the URL. Whatever it says itself about hosts, users, TLS and the pool stands; what it leaves open is set:
//
//   - the database is mayfly
//   - timeoutMS=10000, which bounds a step; connectTimeoutMS=5000, serverSelectionTimeoutMS=4000
//   - maxPoolSize=32, appName=mayfly
//
// What would lose sessions is refused: a write concern below majority, reads that are not of the primary or weaker than
// majority. retryWrites and retryReads are always off: this package knows better what may be repeated.
//
// An error never holds the password.
func parse(url string) (*config, error) {
	parsed, err := neturl.Parse(url)
	if err != nil || parsed.Host == "" || parsed.Scheme != connstring.SchemeMongoDB && parsed.Scheme != connstring.SchemeMongoDBSRV {
		return nil, errors.New("the database URL cannot be read: " + writeURL)
	}
	said, err := connstring.ParseAndValidate(url)
	if err != nil {
		return nil, tellParseError(parsed, err)
	}
	if unknown := slices.Sorted(maps.Keys(said.UnknownOptions)); len(unknown) > 0 {
		return nil, fmt.Errorf("the database URL has settings that nobody knows: %s", strings.Join(unknown, ", "))
	}
	if err := refuseWeak(said); err != nil {
		return nil, err
	}
	journal := true
	client := options.Client().ApplyURI(url).
		SetWriteConcern(&writeconcern.WriteConcern{W: writeconcern.WCMajority, Journal: &journal}).
		SetReadConcern(readconcern.Majority()).
		SetReadPreference(readpref.Primary()).
		SetRetryWrites(false).
		SetRetryReads(false)
	if err := client.Validate(); err != nil {
		return nil, tellParseError(parsed, err)
	}
	setUnlessSaid(client, said)
	c := &config{client: client, database: said.Database, timeout: stepTimeout}
	if c.database == "" {
		c.database = defaultDatabase
	}
	if said.TimeoutSet && said.Timeout > 0 {
		c.timeout = said.Timeout
	}
	return c, nil
}

func setUnlessSaid(client *options.ClientOptions, said *connstring.ConnString) {
	if !said.ConnectTimeoutSet {
		client.SetConnectTimeout(connectTimeout)
	}
	if !said.ServerSelectionTimeoutSet {
		client.SetServerSelectionTimeout(selectTimeout)
	}
	if !said.MaxPoolSizeSet {
		client.SetMaxPoolSize(defaultConns)
	}
	if said.AppName == "" {
		client.SetAppName("mayfly")
	}
}

// refuseWeak names the first setting under which an answer could be lost or stale.
func refuseWeak(said *connstring.ConnString) error {
	const why = "an acknowledged refresh or sign-out would not outlive a failover"
	level, preference := said.ReadConcernLevel, said.ReadPreference
	switch {
	case said.WNumberSet || said.WString != "" && said.WString != writeconcern.WCMajority:
		return errors.New("the database URL asks for a weak write concern: take w out of it, or write w=majority; " + why)
	case said.JSet && !said.J:
		return errors.New("the database URL says journal=false: take it out; " + why)
	case level != "" && level != "majority" && level != "linearizable":
		return fmt.Errorf("the database URL says readConcernLevel=%s: take it out; what a majority does not have may be undone", level)
	case preference != "" && !strings.EqualFold(preference, "primary"):
		return fmt.Errorf("the database URL says readPreference=%s: take it out; a secondary is behind, and would let in whom "+
			"the primary signed out", preference)
	}
	return nil
}

const writeURL = "write mongodb://user:password@host:27017/database and escape what is special in the password (@ is %40)"

// tellParseError leaves out what the parser says if it may have quoted the password.
func tellParseError(parsed *neturl.URL, err error) error {
	password, _ := parsed.User.Password()
	if password != "" && (strings.Contains(err.Error(), password) || strings.Contains(err.Error(), neturl.QueryEscape(password))) {
		return errors.New("the database URL cannot be used: " + writeURL)
	}
	return fmt.Errorf("the database URL cannot be used: %w", err)
}

// Name says which database a URL means, without user and password, or what is wrong with the URL. It connects to nothing.
func Name(url string) (string, error) {
	parsed, err := neturl.Parse(url)
	if err != nil || parsed.Host == "" {
		return "", errors.New("the database URL cannot be read: " + writeURL)
	}
	if parsed.Scheme == connstring.SchemeMongoDB { // the other one asks the DNS
		if _, err := parse(url); err != nil {
			return "", err
		}
	}
	database := strings.TrimPrefix(parsed.Path, "/")
	if database == "" {
		database = defaultDatabase
	}
	return parsed.Host + "/" + database, nil
}
