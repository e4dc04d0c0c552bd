//go:build unix

package mongotest

import (
	"context"
	"fmt"
	neturl "net/url"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// RealVariable names the variable with the URL of a MongoDB server that the tests may make databases on and drop them.
const RealVariable = "MAYFLY_TEST_MONGODB_URL"

// Real is a MongoDB server that somebody else runs.
type Real struct {
	url  *neturl.URL
	made *atomic.Int64
}

// FindReal returns the server that the environment names, or nil if it names none.
func FindReal() (*Real, error) {
	text := os.Getenv(RealVariable)
	if text == "" {
		return nil, nil
	}
	url, err := neturl.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read", RealVariable) // the error would hold the password
	}
	return &Real{url: url, made: &atomic.Int64{}}, nil
}

// Database returns the URL of an empty database, which is dropped when the test is over.
func (r *Real) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("mayfly_test_%d_%d", time.Now().UnixNano(), r.made.Add(1))
	url := *r.url
	if settings := url.Query(); url.User != nil && !settings.Has("authSource") {
		settings.Set("authSource", "admin") // it would be the new database otherwise
		url.RawQuery = settings.Encode()
	}
	url.Path = "/" + name
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		c, err := mongo.Connect(options.Client().ApplyURI(url.String()))
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Disconnect(ctx)
		if err := c.Database(name).Drop(ctx); err != nil {
			t.Error(err)
		}
	})
	return url.String()
}
