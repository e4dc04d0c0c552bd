package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// limit is one thing that an engine can run out of.
type limit struct {
	name string
	used float64 // 1 is all there is
}

// worst is what is used up most: what breaks first.
func worst(limits []limit) limit {
	most := limits[0]
	for _, l := range limits[1:] {
		if l.used > most.used {
			most = l
		}
	}
	return most
}

const (
	megabyte = 1e6
	gigabyte = 1e9
)

// memoryUsed is the part of a machine's memory that the rows of devices in use take. A page holds rows of others, too, so
// where one row in ten is in use nearly every page is.
func memoryUsed(n needs, session cost, perPage float64, c *costs) float64 {
	pages := 1 - math.Pow(1-n.active*n.live/n.rows(), perPage)
	return n.rows() * session.value * pages / (c.memory.value * gigabyte)
}

// sqliteLimits are those of one machine that is everything.
func sqliteLimits(n needs, h habits, c *costs) []limit {
	return []limit{
		{"refreshes", n.refreshes / (c.sqlite.value * h.busy)},
		{"memory", memoryUsed(n, c.sqliteSession, 4096/c.sqliteSession.value, c)},
		{"disk", 2 * n.refreshes * c.sqliteWAL.value / (c.disk.value * megabyte)}, // into the WAL, and from there into the file
		{"passwords", n.hashCores / (2 * h.busy)},
		{"followers", n.followers / c.followers.value},
		{"cleaning", n.walk(c).Hours() / (30 * 24)},
	}
}

// postgresLimits are those of one primary with as many nodes as it takes.
func postgresLimits(n needs, h habits, c *costs) []limit {
	return []limit{
		{"refreshes", n.refreshes / (c.together.value * h.busy)},
		{"memory", memoryUsed(n, c.postgresSession, 8192/c.postgresSession.value, c)},
		{"disk", n.wal(h, c) / (c.disk.value * megabyte)},
		{"connections", n.nodes(h, c) * c.poolConns.value / c.conns.value},
		{"cleaning", n.walk(c).Hours() / n.nodes(h, c) / (30 * 24)},
	}
}

// citusShards are how many primaries the rows want behind a coordinator, and what the coordinator, which every statement
// passes, can run out of.
func citusShards(n needs, h habits, c *costs) (shards limit, coordinator []limit) {
	shards = worst([]limit{
		{"refreshes", n.refreshes / (c.single.value * h.busy)},
		{"memory", memoryUsed(n, c.postgresSession, 8192/c.postgresSession.value, c)},
		{"disk", n.wal(h, c) / (c.disk.value * megabyte)},
	})
	return shards, []limit{
		{"statements of the coordinator", n.refreshes / (c.single.value * h.busy)},
		{"connections of the coordinator", n.nodes(h, c) * c.poolConns.value / c.conns.value},
	}
}

func mongoShards(n needs, h habits, c *costs) limit {
	return worst([]limit{
		{"refreshes", n.refreshes / (c.mongo.value * h.busy)},
		{"memory", memoryUsed(n, c.mongoSession, 32*1024/c.mongoSession.value, c)},
	})
}

// verdict says whether one machine is enough, and what there is too little of, the worst first.
func verdict(limits []limit) string {
	slices.SortStableFunc(limits, func(a, b limit) int { return cmp.Compare(b.used, a.used) })
	var over []string
	for _, l := range limits {
		if l.used > 1 {
			over = append(over, l.name+" × "+number(l.used))
		}
	}
	if over != nil {
		return "**no**: " + strings.Join(over, ", ")
	}
	return fmt.Sprintf("yes: %s %.0f %%", limits[0].name, 100*limits[0].used)
}

func shardVerdict(shards limit) string {
	return fmt.Sprintf("%s, for %s", number(max(1, math.Ceil(shards.used))), shards.name)
}

func citusVerdict(shards limit, coordinator []limit) string {
	first := worst(coordinator)
	if first.used > 1 {
		return fmt.Sprintf("%s; **not through one coordinator**: %s × %s", shardVerdict(shards), first.name, number(first.used))
	}
	return fmt.Sprintf("%s; coordinator %.0f %%", shardVerdict(shards), 100*first.used)
}
