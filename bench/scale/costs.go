package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
)

// cost is one figure that all the arithmetic stands on. To change one, change it here, or let `make bench` measure it.
type cost struct {
	flag  string
	value float64
	unit  string
	row   string // of docs/performance.json, "" where no benchmark measures it
	what  string
	from  string
}

const (
	perSecond = "refreshes/s"
	answers   = "answers/s" // how benchmarks say it, of whatever they measure
	bytes     = "bytes"
)

// costs are what was measured, or else assumed, on machines of two cores.
type costs struct {
	sqlite, node, together, single, mongo, hash               cost
	sqliteSession, sqliteUser, sqliteWAL                      cost
	postgresSession, postgresUser, postgresWAL, image         cost
	mongoSession, mongoUser, mark, revokedLine, beat          cost
	cleaned, marks, followers, conns, poolConns, memory, disk cost
}

func defaultCosts() *costs {
	const (
		bench   = "CPU time of a node under load on a busy machine, until `make bench` has run"
		filled  = "`-fill 200000`"
		code    = "the code"
		assumed = "**assumed**"
	)
	return &costs{
		sqlite:   cost{"sqlite-refreshes", 16_500, perSecond, "refresh/64/mayfly-sqlite/rate", "a node with its SQLite file, at most", bench + ": 120 µs each, two cores"},
		node:     cost{"node-refreshes", 17_000, perSecond, "refresh/64/mayfly-postgres/rate", "a node over PostgreSQL or MongoDB, at most", bench + ": 116 µs each, two cores"},
		together: cost{"postgres-refreshes", 57_000, perSecond, "", "a PostgreSQL primary, when refreshes share statements", "CPU time of its backends under load on a busy machine: 35 µs each, two cores"},
		single:   cost{"postgres-single", 17_900, perSecond, "", "the same, one statement each (`mayfly_rotate=single`)", "one `UPDATE … RETURNING` a call on 16 connections, measured on two cores"},
		mongo:    cost{"mongo-refreshes", 10_000, perSecond, "", "a MongoDB primary", assumed + ": no MongoDB was at hand to measure"},
		hash:     cost{"hash", 20, "ms", "", "CPU time to check one password", "argon2id, 19 MiB, two passes"},

		sqliteSession:   cost{"sqlite-session", 316, bytes, "", "a session in SQLite", filled},
		sqliteUser:      cost{"sqlite-user", 373, bytes, "", "a user in SQLite: row, password, indexes", filled},
		sqliteWAL:       cost{"sqlite-wal", 4_120, bytes, "", "WAL of a refresh in SQLite: one page and its header", "`internal/store/sqlite/cost_test.go`"},
		postgresSession: cost{"postgres-session", 1_859, bytes, "", "a session in PostgreSQL, pages a quarter full", filled},
		postgresUser:    cost{"postgres-user", 807, bytes, "", "a user in PostgreSQL: row, password, identifiers, indexes", filled},
		postgresWAL:     cost{"postgres-wal", 225, bytes, "", "WAL of a refresh in PostgreSQL, tidying of pages included", filled},
		image:           cost{"postgres-image", 1_710, bytes, "", "WAL of the first refresh in a page after a checkpoint", filled},
		mongoSession:    cost{"mongo-session", 500, bytes, "", "a session in MongoDB, before compression", "docs/mongodb.md"},
		mongoUser:       cost{"mongo-user", 700, bytes, "", "a user in MongoDB: document, claims, index, before compression", assumed},

		mark:        cost{"mark", 19, bytes, "", "a session in an event of the feed", code + ": `internal/revocation/event.go`"},
		revokedLine: cost{"event", 75, bytes, "", "what an event has besides", code},
		beat:        cost{"beat", 25, "bytes/s", "", "what a follower is told when nothing happens", code + ": a line of 50 bytes every 2 s"},
		cleaned:     cost{"cleaned", 500, "rows/s", "", "what the cleaner of one node looks at", code + ": `server/chores.go`"},
		marks:       cost{"marks", 1_000_000, "sessions", "", "what a feed remembers, within an access life and a minute", code + ": `MaxMarks`"},
		followers:   cost{"followers", 1_024, "", "", "followers of one node", code + ": `MaxFollowers`"},
		conns:       cost{"connections", 500, "", "", "connections that a PostgreSQL primary takes", assumed},
		poolConns:   cost{"pool", 16, "", "", "connections of one node", code + ": `pool_max_conns`"},
		memory:      cost{"memory", 64, "GB", "", "memory of a database machine", assumed},
		disk:        cost{"disk", 500, "MB/s", "", "what its disk writes", assumed},
	}
}

// all lists the costs in the order in which they are told.
func (c *costs) all() []*cost {
	return []*cost{
		&c.sqlite, &c.node, &c.together, &c.single, &c.mongo, &c.hash,
		&c.sqliteSession, &c.sqliteUser, &c.sqliteWAL, &c.postgresSession, &c.postgresUser, &c.postgresWAL, &c.image,
		&c.mongoSession, &c.mongoUser, &c.mark, &c.revokedLine, &c.beat, &c.cleaned, &c.marks, &c.followers, &c.conns,
		&c.poolConns, &c.memory, &c.disk,
	}
}

func (c *costs) flags(set *flag.FlagSet) {
	for _, one := range c.all() {
		set.Float64Var(&one.value, one.flag, one.value, one.unit+": "+one.what)
	}
}

// performance is what `make bench` writes.
type performance struct {
	Machine  string
	Chapters []struct {
		Rows []struct {
			Name   string
			Median float64
			Unit   string
		}
	}
}

// measured takes the figures of a file that `make bench` wrote, and returns the machine and what is to be said about
// figures that are not in it. A file that is not there is none.
func (c *costs) measured(path string) (machine string, missing []string, err error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", []string{path + " is not there: `make bench` writes it. The figures of costs.go are used."}, nil
	}
	if err != nil {
		return "", nil, err
	}
	var p performance
	if err := json.Unmarshal(raw, &p); err != nil {
		return "", nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, one := range c.all() {
		if one.row == "" {
			continue
		}
		found := false
		for _, chapter := range p.Chapters {
			for _, row := range chapter.Rows {
				if row.Name != one.row {
					continue
				}
				if row.Unit != answers || row.Median <= 0 {
					return "", nil, fmt.Errorf("%s: the row %q is %v %s, want more than 0 %s", path, row.Name, row.Median, row.Unit, answers)
				}
				one.value, one.from, found = row.Median, "`make bench`", true
			}
		}
		if !found {
			missing = append(missing, fmt.Sprintf("%s has no row %q: -%s stays at %s %s.", path, one.row, one.flag, number(one.value), one.unit))
		}
	}
	return p.Machine, missing, nil
}
