// Bundle makes the scripts of the server's pages from their TypeScript sources, without npm:
//
//	bundle [-check] ROOT FROM TO
//
// Every file FROM/name.ts becomes TO/name.js, with all that it imports inside. The folders are named relative to ROOT, which
// holds all sources. With -check nothing is written, and a file that is not what its source makes is an error.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	check := flag.Bool("check", false, "write nothing, fail if a file is stale")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: bundle [-check] ROOT FROM TO")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 3 {
		flag.Usage()
		os.Exit(2)
	}
	job := job{root: flag.Arg(0), from: flag.Arg(1), to: flag.Arg(2)}
	act := job.write
	if *check {
		act = job.check
	}
	if err := act(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
