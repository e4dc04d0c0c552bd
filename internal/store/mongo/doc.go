// Package mongo keeps everything in a MongoDB database: the store for teams that already run one, and for sharded
// clusters.
//
// Most callers want [Open] and then the one store they need: [DB.Sessions], [DB.Users], [DB.Credentials], [DB.Limits],
// [DB.Keys], [DB.Revocations]. What those stores promise is written at the interfaces, in the rooms that own them;
// package storetest holds every backend to it.
//
// # One user, one document
//
// A MongoDB server changes a document as a whole or not at all, and needs no transaction for it. So a user is one document
// of the collection `users`, with the password and every session in it, and every step on a user is one change of that
// document. Its key, and the key it is sharded by, is the user's id, which every refresh names.
//
// Whether a session is live is decided within its document: the change that ends sessions, for whatever reason, marks each
// of them. A refresh that is under way meets the mark.
//
// # Changes of the sessions and refreshes
//
// `version` counts the changes of a document, but not refreshes. A step that must see the whole document to change it
// (sign out everywhere, disable, delete, change a password or a name) reads it and writes under the condition that the
// version is still the same, and otherwise begins again: see change.go. It names the fields it changes, so that it takes
// back no refresh that came between.
//
// # Emails and usernames
//
// What must be unique among all users cannot be in a user's document. An email or username is a document of the collection
// `identifiers`, which is claimed before a user is called by it. A claim counts only while the user's document says the
// same. See identifiers.go for what happens when a node dies between the two.
//
// # Durability
//
// A step is answered when a majority of the replica set has it in its journal. Reads go to the primary and see what a
// majority has; where an answer could otherwise rest on what an old primary believes, they wait for the majority
// (linearizable).
//
// # Faults
//
// The driver repeats nothing by itself. What the database certainly did not make, and what may be made twice without harm,
// is tried again here, at growing, random distances. A rotation may be: it names the generation it wants. All else is told
// as *fault.Unavailable.
package mongo
