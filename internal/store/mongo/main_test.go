//go:build e2e

package mongo

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/mayfly-auth/mayfly/internal/store/mongo/mongotest"
)

// server is the one that all tests share. Where the environment names a real one as well, real is that.
var (
	server *mongotest.Server
	real   *mongotest.Real
)

// TestMain fails when a goroutine outlives its database.
func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) (code int) {
	var err error
	if real, err = mongotest.FindReal(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if server, err = mongotest.Start(); err != nil {
		fmt.Fprintln(os.Stderr, errors.Join(err, mongotest.Clear()))
		return 1
	}
	defer func() {
		if err := errors.Join(server.Stop(), mongotest.Clear()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}()
	if code = m.Run(); code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return code
}

// place is where a test finds empty databases.
type place interface{ Database(t testing.TB) string }

// everywhere runs a test on each kind of server that there is.
func everywhere(t *testing.T, test func(t *testing.T, at place)) {
	t.Run("FerretDB", func(t *testing.T) { test(t, server) })
	if real != nil {
		t.Run("MongoDB", func(t *testing.T) { test(t, real) })
	}
}
