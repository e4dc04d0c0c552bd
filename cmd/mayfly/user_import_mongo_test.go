//go:build e2e

package main

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/mayfly-auth/mayfly/internal/store/mongo/mongotest"
)

func TestATutorialsUsersComeOutOfMongoDB(t *testing.T) {
	address := tutorial(t)
	data := filepath.Join(t.TempDir(), "data")

	code, stdout, stderr := runMayfly("user", "import", address+".users", "--data", data)
	if code != 1 || strings.Count(stdout, "\n") != 2 {
		t.Fatalf("code %d\n%s%s", code, stdout, stderr)
	}
	wants(t, stderr, "document 650000000000000000000003: it has no password_hash", "document 650000000000000000000004: its email is not of the right kind",
		"imported 2, 0 had an account already, 2 refused")
	code, stdout, _ = runMayfly("user", "export", "--hashes", "--data", data)
	if code != 0 || strings.Contains(stdout, "watchHistory") {
		t.Fatalf("code %d\n%s", code, stdout)
	}
	wants(t, stdout, `"email":"ada@example.com","username":"ada","name":"Ada Lovelace","password_hash":"`+bcryptHash+
		`","metadata":{"old_id":"650000000000000000000001"},"created_at":"2024-05-06T07:08:09.123Z"`,
		`"email":"bob@example.com"`)

	// Again, by the other spelling, and nobody is made twice.
	_, _, stderr = runMayfly("user", "import", address, "--collection", "users", "--data", data)
	wants(t, stderr, "imported 0, 2 had an account already, 2 refused")
}

func TestFieldsOfMongoDBAreMapped(t *testing.T) {
	address := tutorial(t)
	data := filepath.Join(t.TempDir(), "data")
	code, _, stderr := runMayfly("user", "import", address+".people", "--data", data, "--map", "contact.mail=email", "--map", "pw=password_hash",
		"--map", "plan=metadata.plan", "--map", "tags=roles", "--map", "ok=email_verified", "--map", "_id=")
	if code != 0 {
		t.Fatalf("code %d\n%s", code, stderr)
	}
	_, stdout, _ := runMayfly("user", "export", "--data", data)
	wants(t, stdout, `"email":"cy@example.com","email_verified":true`, `"roles":["admin","author"]`, `"metadata":{"plan":{"name":"gold","seats":3}}`)
	if strings.Contains(stdout, "old_id") {
		t.Fatalf("a field that was left out is there:\n%s", stdout)
	}
}

func TestAMongoDBThatIsNotThereIsNamedWithoutItsPassword(t *testing.T) {
	code, _, stderr := runMayfly("user", "import", "mongodb://root:hunter2@127.0.0.1:1/shop.users?serverSelectionTimeoutMS=300",
		"--data", filepath.Join(t.TempDir(), "data"))
	if code != 1 || strings.Contains(stderr, "hunter2") {
		t.Fatalf("code %d\n%s", code, stderr)
	}
	wants(t, stderr, "read shop.users: ", "fix: see that MongoDB runs")
}

// tutorial returns the address of a database with the users of the usual tutorial.
func tutorial(t *testing.T) string {
	t.Helper()
	server, err := mongotest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(server.Stop()); err != nil {
			t.Error(err)
		}
	})
	address, _, _ := strings.Cut(server.Database(t), "?")
	client, err := mongo.Connect(options.Client().ApplyURI(address))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Disconnect(t.Context())
	db := client.Database(address[strings.LastIndex(address, "/")+1:])
	id := func(last byte) bson.ObjectID { return bson.ObjectID{0x65, 11: last} }
	at := time.Date(2024, 5, 6, 7, 8, 9, 123_000_000, time.UTC)
	for collection, documents := range map[string][]any{
		"users": {
			bson.M{
				"_id": id(1), "email": "ada@example.com", "username": "ada", "fullName": "Ada Lovelace", "password": bcryptHash,
				"watchHistory": bson.A{id(9)}, "refreshToken": "eyJ...", "createdAt": at, "__v": 0,
			},
			bson.M{"_id": id(2), "email": "bob@example.com", "username": "bob", "password": bcryptHash},
			bson.M{"_id": id(3), "email": "eve@example.com"},
			bson.M{"_id": id(4), "email": 7, "password": bcryptHash},
		},
		"people": {bson.M{
			"contact": bson.M{"mail": "cy@example.com"}, "pw": bcryptHash, "plan": bson.D{{Key: "name", Value: "gold"}, {Key: "seats", Value: 3}},
			"tags": bson.A{"admin", "author"}, "ok": true,
		}},
	} {
		if _, err := db.Collection(collection).InsertMany(t.Context(), documents); err != nil {
			t.Fatal(err)
		}
	}
	return address
}
