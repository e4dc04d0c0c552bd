//go:build e2e

package torture

import (
	"net/url"
	"strconv"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/freeport"
	"github.com/mayfly-auth/mayfly/internal/store/mongo/mongotest"
	"github.com/mayfly-auth/mayfly/internal/store/postgres/pgtest"
)

// stores are what is tortured. A row is a database and how many nodes share it.
var stores = []store{
	{"SQLite", 1, inTheFolder},
	{"PostgreSQL", 2, realPostgres},
	{"MongoDB", 2, ferretDB},
}

type store struct {
	name  string
	nodes int
	start func(*testing.T) database
}

// database is one that runs. The one in a node's own folder is the zero value: it can be neither reached nor stopped
// apart from its node.
type database struct {
	url    string // "" for the one in the folder of the node
	halts  []halt
	resume func() error
}

// halt is a way in which the database stops.
type halt struct {
	how string
	do  func() error
}

func inTheFolder(*testing.T) database { return database{} }

func realPostgres(t *testing.T) database {
	t.Helper()
	server, err := pgtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop() }) // a fault may have left it stopped
	return database{
		url: "postgres://mayfly@127.0.0.1:" + strconv.Itoa(server.Port) + "/postgres?sslmode=disable",
		halts: []halt{
			{"fast", func() error { return server.Halt("fast") }},
			{"immediate", func() error { return server.Halt("immediate") }},
		},
		resume: server.Resume,
	}
}

// ferretDB speaks MongoDB's wire protocol. It is one server and no replica set: a crash is all that can be done to it.
func ferretDB(t *testing.T) database {
	t.Helper()
	server, err := mongotest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop() }) // a fault may have left it stopped
	return database{
		url:    server.Database(t),
		halts:  []halt{{"killed", server.Kill}},
		resume: server.Resume,
	}
}

// isServer reports whether nodes reach the database over a connection.
func (d database) isServer() bool { return d.url != "" }

func (d database) address(t *testing.T) string {
	t.Helper()
	u, err := url.Parse(d.url)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

// through returns the URL with another address: that of a link.
func (d database) through(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(d.url)
	if err != nil {
		t.Fatal(err)
	}
	u.Host = address
	return u.String()
}

func freePort(t *testing.T) string {
	t.Helper()
	port, err := freeport.Take()
	if err != nil {
		t.Fatal(err)
	}
	return strconv.Itoa(port)
}
