// Command ferretdb is a database server for tests that speaks MongoDB's wire protocol: FerretDB with its embedded
// backend, made as atomic as the real server by a turnstile before it.
//
// It lives in a module of its own so that nobody who builds Mayfly downloads FerretDB. The package mongotest builds and
// runs it.
//
//	ferretdb -data <folder> -listen 127.0.0.1:27117 [-readonly] [-connections <most>]
//
// It prints its address when it answers, and runs until its standard input ends, so that it never outlives the test that
// started it, or until it is killed: what a client was told is kept in the folder.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"os"
	"path/filepath"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	data := flag.String("data", "", "folder of the data, which must exist")
	listen := flag.String("listen", "127.0.0.1:0", "address to listen on")
	readonly := flag.Bool("readonly", false, "refuse every write")
	connections := flag.Int("connections", math.MaxInt, "clients at once; others are turned away, as by mongod at its net.maxIncomingConnections")
	flag.Parse()
	if err := run(*data, *listen, *readonly, *connections); err != nil {
		fmt.Fprintln(os.Stderr, "ferretdb:", err)
		os.Exit(1)
	}
}

func run(data, listen string, readonly bool, connections int) error {
	data, err := filepath.Abs(data)
	if err != nil {
		return err
	}
	socket := filepath.Join(data, "socket")
	if err := os.RemoveAll(socket); err != nil { // of a run that was killed
		return err
	}
	// Its process is killed in tests, the machine is not: what was written to the file is there again, synced or not.
	url := "file:" + data + "/?_pragma=synchronous(off)"
	if readonly {
		url += "&_pragma=query_only(on)"
	}
	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{Unix: socket},
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		Handler:   "sqlite",
		SQLiteURL: url,
	})
	if err != nil {
		return err
	}
	go func() { _ = server.Run(context.Background()) }()
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	go func() { _ = (&turnstile{socket: socket, most: int64(connections)}).serve(l) }()
	fmt.Println(l.Addr())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
