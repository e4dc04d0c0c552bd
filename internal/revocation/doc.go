// Package revocation tells everybody who checks access tokens which sessions were ended early, so that a token dies with
// its session and not minutes later.
//
// It owns the [Feed]: what is in it, for how long, in which words ([Feed.Follow]), and how fast it learns of a revocation
// that another node made. The stores write a revocation down in the very step that ends the session, so there is none
// that is acknowledged and not in the feed. How the words travel is the JSON door's business; what a verifier does with
// them is package mayfly's.
//
//	a step ends sessions ──▶ revocations, one row each ──▶ every node's Feed reads ──▶ its followers
//	     (any node)            (in the same step)          (woken, or every 500 ms)
//
// Reading the store again and again is what carries the feed. Everything that is faster, a signal within the process or
// a notification of the database, only makes the next reading come sooner: it may be lost without harm.
package revocation
