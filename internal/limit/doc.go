// Package limit owns attempts: how many wrong passwords an account and an address may cost before somebody has to wait.
//
// It slows guessing down and never locks anybody out for good: there is no state that an attempt of somebody else can
// put a person into from which time alone does not lead out, and none that reaches a person at a place where they have
// signed in before. Refreshes are never limited here; they cost an attacker a token and us one statement.
//
// An attempt is charged before the password is looked at, so that a thousand parallel guesses find no more room than a
// thousand in a row, and is taken out again after a success. What is charged depends on where it comes from:
//
//	                    network ─── all attempts from one address, against spraying many accounts
//	                       │
//	       ┌───────────────┴───────────────┐
//	  a stranger's                 a place where the account
//	    attempt                      has signed in before
//	       │                               │
//	place ─┴─ account                     home
//	one account    one account     one account from exactly
//	from one       from all        this network: no attempt from
//	neighbourhood  strange places  elsewhere can fill it
//
// Whether a network is known is asked only when the stranger's buckets are full, so it costs nothing in peace.
//
// Places are refilled ten times slower than the account they share. So nobody can keep an account's bucket full from
// one neighbourhood; it takes more than ten at once, and then the owner at a new place competes for one attempt a
// minute, while the owner at a known place notices nothing.
//
// The store sees no identifier and no address: keys are keyed hashes, because people type passwords into the wrong
// field, and because a list of who failed to sign in from where is nobody's business.
//
// What is an attempt, and what a success, package account decides.
package limit
