package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

var sizes = []float64{1e6, 1e8, 1e9}

// table prints Markdown.
func table(w io.Writer, head []string, rows [][]string) {
	line := func(cells []string) { fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | ")) }
	line(head)
	rule := make([]string, len(head))
	for i := range rule {
		rule[i] = "---"
	}
	line(rule)
	for _, row := range rows {
		line(row)
	}
	fmt.Fprintln(w)
}

// number writes a figure with three digits that count, and commas.
func number(v float64) string {
	if v == 0 {
		return "0"
	}
	digits := 2 - int(math.Floor(math.Log10(math.Abs(v))))
	if digits > 0 {
		return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(v, 'f', digits, 64), "0"), ".")
	}
	unit := math.Pow10(-digits)
	return grouped(math.Round(v/unit) * unit)
}

// exact writes a figure as it is.
func exact(v float64) string {
	if v < 1000 || v != math.Trunc(v) {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return grouped(v)
}

func grouped(v float64) string {
	text := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func millions(v float64) string {
	if v >= 1e9 {
		return number(v/1e9) + " billion"
	}
	return number(v/1e6) + " million"
}

func size(v float64) string {
	switch {
	case v >= 1e12:
		return number(v/1e12) + " TB"
	case v >= 1e9:
		return number(v/1e9) + " GB"
	case v >= 1e6:
		return number(v/1e6) + " MB"
	case v >= 1e3:
		return number(v/1e3) + " kB"
	}
	return number(v) + " B"
}

func span(d time.Duration) string {
	if d >= 48*time.Hour {
		return number(d.Hours()/24) + " days"
	}
	if d >= 2*time.Hour {
		return number(d.Hours()) + " h"
	}
	return number(d.Minutes()) + " min"
}

func percent(v float64) string { return number(100*v) + " %" }

// cases are the sizes, each with the usual share in use and with the worst.
func (h habits) cases(c *costs) (all []needs) {
	for _, devices := range sizes {
		all = append(all, h.of(devices, h.active, c))
		if h.active < 1 {
			all = append(all, h.of(devices, 1, c))
		}
	}
	return all
}

func printCosts(w io.Writer, c *costs) {
	rows := [][]string{}
	for _, one := range c.all() {
		rows = append(rows, []string{one.what, strings.TrimSpace(exact(one.value) + " " + one.unit), one.from, "`-" + one.flag + "`"})
	}
	table(w, []string{"figure", "value", "from", "flag"}, rows)
}

func printNeeds(w io.Writer, h habits, c *costs) {
	demand, store, carry, feed := [][]string{}, [][]string{}, [][]string{}, [][]string{}
	for _, n := range h.cases(c) {
		name := []string{millions(n.devices), percent(n.active)}
		demand = append(demand, append(name, number(n.refreshes), number(n.signIns), number(n.hashCores), number(n.nodes(h, c)), size(n.wal(h, c))+"/s"))
		shards, coordinator := citusShards(n, h, c)
		carry = append(carry, append(name[:2:2], verdict(sqliteLimits(n, h, c)), verdict(postgresLimits(n, h, c)),
			citusVerdict(shards, coordinator), shardVerdict(mongoShards(n, h, c))))
		feed = append(feed, append(name[:2:2], number(n.followers), number(n.revoked), size(n.perFollower(c))+"/s",
			size(n.perFollower(c)*n.followers)+"/s", size(n.marks(h)*c.mark.value), percent(n.marks(h)/c.marks.value), percent(c.marks.value/n.devices)))
		if n.active == h.active {
			store = append(store, []string{
				name[0], millions(n.rows()), size(n.bytes(c.sqliteSession, c.sqliteUser)), size(n.bytes(c.postgresSession, c.postgresUser)),
				size(n.bytes(c.mongoSession, c.mongoUser)), number(n.over / h.kept.Seconds()), span(n.walk(c)),
			})
		}
	}
	fmt.Fprintf(w, "### What the devices ask for\n\n")
	table(w, []string{"devices", "in use", "refreshes/s", "sign-ins/s", "cores for passwords", "nodes", "WAL of PostgreSQL"}, demand)
	fmt.Fprintf(w, "### What they take\n\n")
	table(w, []string{"devices", "rows of sessions", "SQLite", "PostgreSQL", "MongoDB", "rows to clean/s", "one walk of the cleaner"}, store)
	fmt.Fprintf(w, "### What carries them\n\n")
	table(w, []string{"devices", "in use", "SQLite", "PostgreSQL, one primary", "PostgreSQL by user (Citus): primaries", "MongoDB: shards"}, carry)
	fmt.Fprintf(w, "### The revocation feed\n\n")
	table(w, []string{"devices", "in use", "followers", "revocations/s", "to each", "to all", "to one that comes anew", "remembered", "a wave that fills it"}, feed)
}
