package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"

	"github.com/mayfly-auth/mayfly/bench/yardstick"
)

// serve is a yardstick as a process of its own. It says where it listens, as the programs in folder tutorial do.
func serve(args []string) error {
	flags := flag.NewFlagSet("serve", flag.ExitOnError)
	database := flags.String("database", "", "of the floor: a file, or postgres://…")
	rows := flags.Int("rows", 1, "of the floor's table")
	issuer := flags.String("issuer", "", "of the middleware: where Mayfly is")
	if len(args) == 0 {
		return fmt.Errorf("name a yardstick: hello, signed, floor-sqlite, floor-postgres or middleware")
	}
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	handler, err := yardstickOf(args[0], *database, *issuer, *rows)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("listening http://%s\n", listener.Addr())
	return http.Serve(listener, handler)
}

func yardstickOf(name, database, issuer string, rows int) (http.Handler, error) {
	ctx := context.Background()
	switch name {
	case "hello":
		return yardstick.Hello(), nil
	case "signed":
		return yardstick.Signed()
	case "middleware":
		return yardstick.Middleware(issuer)
	}
	open := map[string]func(context.Context, string, int) (yardstick.Table, error){
		"floor-sqlite":   yardstick.SQLite,
		"floor-postgres": yardstick.Postgres,
	}[name]
	if open == nil {
		return nil, fmt.Errorf("there is no yardstick %q", name)
	}
	table, err := open(ctx, database, rows)
	if err != nil {
		return nil, err
	}
	return yardstick.Floor(table)
}
