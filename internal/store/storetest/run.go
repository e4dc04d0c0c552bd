// Package storetest is the one contract that every store is held to.
//
// It owns a case for each sentence at the Store interfaces of the rooms session, user, credential, limit, keyset and
// revocation.
// A backend's test calls [Run] with a function that opens an empty store; there is no way to leave a case out. What
// only one backend has (its files, its faults, its cost) it tests itself.
//
// Races are run with real goroutines that count who won.
package storetest

import (
	"testing"

	"github.com/mayfly-auth/mayfly/internal/credential"
	"github.com/mayfly-auth/mayfly/internal/keyset"
	"github.com/mayfly-auth/mayfly/internal/limit"
	"github.com/mayfly-auth/mayfly/internal/revocation"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/user"
)

// Stores are the stores of one backend over one database.
type Stores struct {
	Sessions    session.Store
	Users       user.Store
	Credentials credential.Store
	Limits      limit.Store
	Keys        keyset.Store
	Revocations revocation.Store
}

// Run holds a backend to the contract. It calls open once for every case, each time for an empty database that is
// closed by t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) Stores) {
	for _, group := range []struct {
		name  string
		cases []testCase
	}{
		{"Sessions", sessionCases},
		{"Rotate", rotateCases},
		{"Endings", endingCases},
		{"Races", raceCases},
		{"Clean", cleanCases},
		{"Users", userCases},
		{"UpdateUser", updateCases},
		{"DisableAndDelete", disableCases},
		{"Credentials", credentialCases},
		{"Limits", limitCases},
		{"Keys", keyCases},
		{"Revocations", revocationCases},
		{"Contexts", contextCases},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, c := range group.cases {
				t.Run(c.name, func(t *testing.T) { c.run(&world{T: t, Stores: open(t)}) })
			}
		})
	}
}

// testCase is one behaviour of the contract.
type testCase struct {
	name string
	run  func(w *world)
}
