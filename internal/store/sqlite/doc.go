// Package sqlite keeps everything in one SQLite file: the store for one machine, and the default.
//
// Most callers want [Open] and then the one store they need: [DB.Sessions], [DB.Users], [DB.Credentials], [DB.Limits],
// [DB.Keys], [DB.Revocations]. What those stores promise is written at the interfaces, in the rooms that own them; package storetest
// holds every backend to it.
//
// # Writing
//
// A durable commit costs one sync of the disk, whatever it holds. So one goroutine owns the one connection that
// writes, takes all steps that wait, commits them together and then answers everybody. A step that fails is undone
// alone; a commit that fails was acknowledged to nobody.
//
// # Reading
//
// Reads have connections of their own, which cannot write. They see the last commit and never wait for the writer.
//
// # Faults
//
// A full disk, a read-only folder, a lock held too long: each comes back as *fault.Unavailable with a sentence for
// the operator. The connection it was seen on is thrown away and opened again for the next step, so the store works
// again as soon as the cause is gone.
//
// The file may be opened by several processes at once (a server and an administrator's command); that only one server
// runs on a folder is for the command to see to.
package sqlite
