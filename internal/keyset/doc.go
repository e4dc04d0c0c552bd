// Package keyset owns the keys that sign access tokens: it makes them, seals them for the database, publishes them,
// replaces them on a schedule and takes them back in an emergency.
//
// The life of a key, where a verifier that caches the published keys never meets one it could not know:
//
//	             PublishFor            RotateEvery                KeepFor
//	(made) published ────────► signing ────────────► retiring ─────────────► retired (deleted)
//	          │                   │                     │
//	          └───────────────────┴─────────────────────┴──► revoked: out of the published keys at the next Load
//
// A key is published before it signs, for longer than anybody caches the published keys, and kept after its successor
// began to sign, for longer than a token lives. Only the very first key, and one that replaces a revoked signing key,
// signs at once. Which key signs is a pure function of the stored keys and the clock, so all nodes agree without talking
// to each other; every node must call [Set.Load] more often than PublishFor.
//
// At rest the private half is encrypted with a key from the server secret. The public half that is used is always
// derived from it: whoever can write to the database but does not know the secret cannot slip in a key of his own.
//
// What a token says is the business of package accesstoken, the cryptography that of package jws, where the rows lie
// that of the [Store], and when Load is called that of the server.
package keyset
