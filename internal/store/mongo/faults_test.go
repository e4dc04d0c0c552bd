package mongo

import (
	"testing"

	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/mayfly-auth/mayfly/internal/fault"
)

// TestWhatTheDatabaseLacksIsAFault, by whichever command it is told, and what this package did wrong is none.
func TestWhatTheDatabaseLacksIsAFault(t *testing.T) {
	for code, want := range map[int]bool{
		1: true, 8: true, 365: true, 371: true, 433: true, 449: true, 450: true, 14031: true, // fails, is busy, read-only, full
		9: false, 40: false, 11000: false, // FailedToParse, ConflictingUpdateOperators, DuplicateKey
	} {
		for _, err := range []error{
			driver.CommandError{Code: int32(code)},
			driver.WriteException{WriteErrors: driver.WriteErrors{{Code: code}}},
		} {
			if got := fault.IsUnavailable(asFault(err)); got != want {
				t.Errorf("%d in %T: a fault %v, want %v", code, err, got, want)
			}
		}
	}
}
