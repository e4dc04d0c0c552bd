package server

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/mayfly-auth/mayfly/internal/store/mongo"
	"github.com/mayfly-auth/mayfly/internal/store/postgres"
	"github.com/mayfly-auth/mayfly/internal/store/sqlite"
)

// database is the one that database_url names.
type database struct {
	name   string // for people, without user and password
	file   string // of SQLite; empty when the database is a server
	own    bool   // the file lies in the data folder
	open   func(context.Context) (store, error)
	schema func(context.Context) (current, latest int64, err error)
}

const writeDatabase = "leave it out for SQLite in the data folder, or write sqlite:PATH, postgres://user:password@host:5432/database or " +
	"mongodb://user:password@host:27017/database"

func (c *checking) database(s Config) database {
	scheme, rest, _ := strings.Cut(s.DatabaseURL, ":")
	switch {
	case s.DatabaseURL == "":
		return sqliteFile(filepath.Join(s.Data, "mayfly.db"), s.Data)
	case scheme == "sqlite" && rest != "":
		return sqliteFile(strings.TrimPrefix(rest, "//"), s.Data)
	case scheme == "postgres", scheme == "postgresql":
		name, err := postgres.Name(s.DatabaseURL)
		if err != nil {
			c.fault("database_url", err.Error(), "mend the URL")
		}
		return postgresServer(s.DatabaseURL, name)
	case scheme == "mongodb", scheme == "mongodb+srv":
		name, err := mongo.Name(s.DatabaseURL)
		if err != nil {
			c.fault("database_url", err.Error(), "mend the URL")
		}
		return mongoServer(s.DatabaseURL, name)
	}
	// What follows the scheme may hold a password.
	c.fault("database_url", fmt.Sprintf("this binary has no store for %q", scheme), writeDatabase)
	return database{}
}

func sqliteFile(path, data string) database {
	return database{
		name: absolute(path) + " (SQLite)",
		file: path,
		own:  filepath.Dir(filepath.Clean(path)) == filepath.Clean(data),
		open: func(ctx context.Context) (store, error) {
			return sqlite.Open(ctx, sqlite.Options{Path: path})
		},
		schema: func(ctx context.Context) (int64, int64, error) { return sqlite.Status(ctx, path) },
	}
}

func postgresServer(url, name string) database {
	return database{
		name: name + " (PostgreSQL)",
		open: func(ctx context.Context) (store, error) {
			return postgres.Open(ctx, postgres.Options{URL: url})
		},
		schema: func(ctx context.Context) (int64, int64, error) { return postgres.Status(ctx, url) },
	}
}

func mongoServer(url, name string) database {
	return database{
		name: name + " (MongoDB)",
		open: func(ctx context.Context) (store, error) {
			return mongo.Open(ctx, mongo.Options{URL: url})
		},
		schema: func(ctx context.Context) (int64, int64, error) { return mongo.Status(ctx, url) },
	}
}

// claim takes a database that works for one server only. Any number of servers share one that is a server itself.
func (d database) claim() (release func() error, err error) {
	if d.file == "" {
		return func() error { return nil }, nil
	}
	return lock(d.file)
}
