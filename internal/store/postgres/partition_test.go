//go:build e2e

package postgres

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
)

const partitions = 8

// partition replaces the tables that belong to users by ones that are hash-partitioned by user id, as
// docs/postgresql.md shows it.
func partition(t *testing.T, url string) {
	t.Helper()
	if err := Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	c := connectTo(t, url)
	var script strings.Builder
	for table, key := range map[string]string{"users": "id", "passwords": "user_id", "sessions": "user_id", "revocations": "user_id"} {
		fmt.Fprintf(&script, "ALTER TABLE %[1]s RENAME TO %[1]s_whole; "+
			"CREATE TABLE %[1]s (LIKE %[1]s_whole INCLUDING ALL) PARTITION BY HASH (%[2]s);\n", table, key)
		for i := range partitions {
			fmt.Fprintf(&script, "CREATE TABLE %[1]s_%[2]d PARTITION OF %[1]s FOR VALUES WITH (MODULUS %[3]d, REMAINDER %[2]d) "+
				"WITH (fillfactor = 25);\n", table, i, partitions)
		}
		fmt.Fprintf(&script, "INSERT INTO %[1]s SELECT * FROM %[1]s_whole; DROP TABLE %[1]s_whole;\n", table)
	}
	if _, err := c.Exec(t.Context(), script.String()); err != nil {
		t.Fatal(err)
	}
}

// TestARefreshTouchesOnePartition reads from EXPLAIN ANALYZE which partitions a refresh looks into, and from the
// statistics which one it wrote.
func TestARefreshTouchesOnePartition(t *testing.T) {
	url := server.Schema(t)
	partition(t, url)
	f := fixtureAt(t, url)
	for range 50 {
		f.signIn()
	}
	s := f.signIn()
	args := oneRotation(nextOf(s))
	for _, c := range []struct {
		name, text string
		args       []any
	}{
		{"rotate", rotateOne, args},
		{"find", findSession, []any{s.User, s.ID}},
		{"list", listSessions, []any{s.User}},
		{"end", endSession, []any{s.User, s.ID, noon, "signed_out"}},
		{"end all", endAll, []any{s.User, uuid.Nil, noon, "signed_out"}},
		{"password", findPassword, []any{s.User}},
	} {
		for _, mode := range []string{"force_generic_plan", "force_custom_plan"} {
			plan := f.analyze(mode, c.text, c.args...)
			for _, table := range []string{"sessions", "users", "passwords", "revocations"} {
				if touched := scanned(plan, table); len(touched) > 1 {
					t.Errorf("%s, %s: touches %v of %s\n%s", c.name, mode, touched, table, plan)
				}
			}
			if c.name == "rotate" && len(scanned(plan, "sessions")) != 1 {
				t.Errorf("a refresh touches no partition of sessions:\n%s", plan)
			}
		}
	}
}

var aScan = regexp.MustCompile(`(?m)^.*(?:Scan|Update|Insert|LockRows).* on (?:\w+\.)?((sessions|users|passwords|revocations)_\d)\b.*$`)

// scanned returns the partitions of a table that a plan was run on. What is in the plan and was never executed touches
// nothing.
func scanned(plan, table string) (names map[string]bool) {
	names = map[string]bool{}
	for _, m := range aScan.FindAllStringSubmatch(plan, -1) {
		if m[2] == table && !strings.Contains(m[0], "never executed") {
			names[m[1]] = true
		}
	}
	return names
}

// analyze runs a statement, undoes it, and returns how it was run.
func (f *fixture) analyze(mode, text string, args ...any) string {
	f.Helper()
	tx, err := f.look.Begin(f.Context())
	if err != nil {
		f.Fatal(err)
	}
	defer tx.Rollback(f.Context())
	if _, err := tx.Exec(f.Context(), "SET LOCAL plan_cache_mode = "+mode); err != nil {
		f.Fatal(err)
	}
	if _, err := tx.Exec(f.Context(), "SET LOCAL enable_seqscan = off"); err != nil {
		f.Fatal(err)
	}
	rows, err := tx.Query(f.Context(), "EXPLAIN (ANALYZE, TIMING off, COSTS off) "+text, args...)
	if err != nil {
		f.Fatal(err)
	}
	var plan strings.Builder
	var line string
	for rows.Next() {
		if err := rows.Scan(&line); err != nil {
			f.Fatal(err)
		}
		plan.WriteString(line + "\n")
	}
	if err := rows.Err(); err != nil {
		f.Fatal(err)
	}
	return plan.String()
}
