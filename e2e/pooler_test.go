//go:build e2e

package e2e

import "testing"

// TestPromise18_BehindPgBouncer kills two nodes in turn that reach PostgreSQL through a real PgBouncer in transaction
// mode, with fewer connections than the nodes have.
func TestPromise18_BehindPgBouncer(t *testing.T) {
	own := postgresOfItsOwn(t)
	pooler := own.Pooler(t, 5)
	on := deploy(t, store{"PgBouncer", 2, func(t *testing.T) string { return pooler.Schema(t) }, lookIntoPostgres})
	nodes := on.nodes(t, "--refresh-window", "5ms")
	c := newCrowd(t, apis(t, nodes), 30)
	for i := range 3 {
		c.goesOn(t, 200)
		of(nodes, i).kill()
		c.compare(t, on)
		of(nodes, i).run()
	}
	c.leave(t)
	t.Log(c.told())
}
