// Package yardstick is what Mayfly is measured against: servers on the same net/http that do a known part of the work
// and nothing else.
//
//	hello       answer five bytes
//	signed      the same, and one ES256 signature
//	floor       the same, and one UPDATE of one row by its key, which shares its commit with all that wait
//	middleware  hello behind the Go verifier's middleware
//
// A server can be no faster than the hello of its machine, and one that signs and writes no faster than the floor. What
// is lost between the floor and Mayfly is what Mayfly's own code costs.
package yardstick
