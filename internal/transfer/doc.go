// Package transfer brings all that one database holds into another one, so that a deployment can move from one kind of
// store to another and nobody is signed out: users, password hashes, sessions with their seeds and generations, signing
// keys, and the revocations that verifiers may still ask for. Counted attempts stay behind; they begin anew.
//
// [Copy] walks both databases side by side in the order of user ids and writes only what differs. So it needs no notes
// about how far it came: after a kill the next run passes over what is there already, and a run after the source has gone
// on brings over what has changed since, deletions too. It holds a few pages of users at a time, never all of them.
//
//	empty ──Copy──► begun ──Copy, verified──► complete ──a server starts──► in use
//	                  ▲                          │
//	                  └───────── Copy ───────────┘
//
// The mark in the target says where in this drawing it is. Only an empty target, or one that was begun from the same
// source, is written to: what is in any other belongs to somebody.
//
// What a backend must do is said at [Source] and [Target]; package storetest holds all of them to it. Which databases are
// opened, and that no server works on them, is for the caller to see to.
package transfer
