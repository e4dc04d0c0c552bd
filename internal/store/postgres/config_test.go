package postgres

import (
	"strings"
	"testing"
)

func TestAURLThatCannotBeReadIsToldWithoutThePassword(t *testing.T) {
	for _, c := range []struct{ url, words string }{
		{"postgres://mayfly:s3cret/with@db:5432/mayfly", "escape"},
		{"postgres://mayfly:s3cret@db:port/mayfly", "escape"},
		{"postgres://mayfly:s3cret@[db/mayfly", "escape"},
		{"host=db password=s3cret what", "postgres://"},
		{"host=db password='s3cret", "postgres://"},
		{"postgres://mayfly:s3cret@db/mayfly?sslmode=maybe", "sslmode"},
		{"postgres://mayfly:s3cret@db/mayfly?pool_max_conns=many", "pool_max_conns"},
		{"postgres://mayfly:s3cret@db/mayfly?pool_max_conns=1", "pool_max_conns must be 2"},
		{"postgres://mayfly:s3cret@db/mayfly?mayfly_rotate=alone", "mayfly_rotate"},
		{"postgres://mayfly:s3cret@db/mayfly?default_query_exec_mode=fast", "default_query_exec_mode"},
	} {
		_, err := parse(c.url)
		if err == nil {
			t.Errorf("%s: no error", c.url)
			continue
		}
		if strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %v", c.url, err)
		}
	}
}

func TestWhatTheURLSaysStands(t *testing.T) {
	config, err := parse("postgres://mayfly@db/mayfly?pool_max_conns=9&connect_timeout=2&statement_timeout=1234&application_name=x")
	if err != nil {
		t.Fatal(err)
	}
	params := config.ConnConfig.RuntimeParams
	if config.MaxConns != 9 || config.ConnConfig.ConnectTimeout.Seconds() != 2 || params["statement_timeout"] != "1234" ||
		params["application_name"] != "x" || params["lock_timeout"] != lockTimeout {
		t.Errorf("%d connections, %v, %v", config.MaxConns, config.ConnConfig.ConnectTimeout, params)
	}
	refreshes, others := config.divide()
	if refreshes.MaxConns != 2 || others.MaxConns != 7 {
		t.Errorf("%d and %d connections of 9", refreshes.MaxConns, others.MaxConns)
	}
}

// TestAPoolerIsSentNoSettingsItRefuses: in the modes without prepared statements.
func TestAPoolerIsSentNoSettingsItRefuses(t *testing.T) {
	for _, mode := range []string{"exec", "simple_protocol"} {
		config, err := parse("postgres://mayfly@db/mayfly?default_query_exec_mode=" + mode)
		if err != nil {
			t.Fatal(err)
		}
		for name := range config.ConnConfig.RuntimeParams {
			if name != "application_name" && name != "timezone" { // every version of PgBouncer knows these
				t.Errorf("%s: sends %s", mode, name)
			}
		}
	}
}
