package mongo

import (
	"strings"
	"testing"
	"time"
)

func TestAURLThatCannotBeReadIsToldWithoutThePassword(t *testing.T) {
	for _, c := range []struct{ url, words string }{
		{"mongodb://mayfly:s3cret/with@db:27017/mayfly", "escape"},
		{"mongodb://mayfly:s3cret@db:port/mayfly", "escape"},
		{"postgres://mayfly:s3cret@db/mayfly", "mongodb://"},
		{"mongodb:///mayfly", "mongodb://"},
		{"mongodb://mayfly:s3cret@db/mayfly?w=1", "w=majority"},
		{"mongodb://mayfly:s3cret@db/mayfly?w=0", "w=majority"},
		{"mongodb://mayfly:s3cret@db/mayfly?w=nearby", "w=majority"},
		{"mongodb://mayfly:s3cret@db/mayfly?journal=false", "journal=false"},
		{"mongodb://mayfly:s3cret@db/mayfly?readPreference=secondaryPreferred", "readPreference"},
		{"mongodb://mayfly:s3cret@db/mayfly?readConcernLevel=local", "readConcernLevel"},
		{"mongodb://mayfly:s3cret@db/mayfly?maxPoolSise=9", "maxpoolsise"},
		{"mongodb://mayfly:s3cret@db/mayfly?maxPoolSize=many", "cannot be used"},
	} {
		_, err := parse(c.url)
		if err == nil {
			t.Errorf("%s: no error", c.url)
			continue
		}
		if strings.Contains(err.Error(), "s3cret") || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(c.words)) {
			t.Errorf("%s: %v", c.url, err)
		}
	}
}

func TestWhatTheURLSaysStands(t *testing.T) {
	c, err := parse("mongodb://db/sessions?maxPoolSize=9&connectTimeoutMS=2000&timeoutMS=3000&w=majority&retryWrites=true&appName=x")
	if err != nil {
		t.Fatal(err)
	}
	o := c.client
	if *o.MaxPoolSize != 9 || *o.ConnectTimeout != 2*time.Second || c.timeout != 3*time.Second || c.database != "sessions" || *o.AppName != "x" {
		t.Errorf("%d connections, %v, %v, %s", *o.MaxPoolSize, *o.ConnectTimeout, c.timeout, c.database)
	}
	if *o.RetryWrites || *o.RetryReads {
		t.Error("the driver repeats by itself")
	}
	if c, err = parse("mongodb://db"); err != nil || c.database != defaultDatabase || c.timeout != stepTimeout || *c.client.MaxPoolSize != defaultConns {
		t.Errorf("defaults: %+v, error %v", c, err)
	}
}

func TestTheNameHoldsNoPassword(t *testing.T) {
	for url, want := range map[string]string{
		"mongodb://mayfly:s3cret@a:27017,b:27018/sessions?replicaSet=rs": "a:27017,b:27018/sessions",
		"mongodb+srv://mayfly:s3cret@cluster.example.org/?w=majority":    "cluster.example.org/mayfly",
	} {
		if got, err := Name(url); err != nil || got != want {
			t.Errorf("%q, error %v, want %q", got, err, want)
		}
	}
}
