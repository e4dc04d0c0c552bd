// Scale says what 1 million, 100 million and 1 billion signed-in devices would need of Mayfly, and prints it as Markdown:
//
//	go run ./bench/scale                                  # the tables of docs/scale.md
//	go run ./bench/scale -write docs/scale.md             # into that page
//	go run ./bench/scale -fill 200000 -database sqlite:/tmp/rows.db   # what the rows of an empty database take
//
// Nobody here has a billion devices. What is measured on one machine (costs.go: each figure with where it comes from) is
// multiplied (needs.go, engines.go), and what cannot be multiplied, how a crowd behaves over time, is simulated (package
// crowd). The figures of `make bench`, docs/performance.json, take the place of those in costs.go where they are there.
package main
