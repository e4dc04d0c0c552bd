package sqlite

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain lets the test binary be started again as the program that a test kills or runs as somebody else, and fails
// when a goroutine outlives its database.
func TestMain(m *testing.M) {
	if child, ok := children[os.Getenv(childVariable)]; ok {
		child()
		return
	}
	goleak.VerifyTestMain(m)
}

// childVariable names the environment variable that says which child to be.
const childVariable = "MAYFLY_SQLITE_TEST_CHILD"

var children = map[string]func(){
	"rotate": rotateUntilKilled,
	"open":   openAndTell,
}
