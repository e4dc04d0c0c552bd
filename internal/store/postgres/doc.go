// Package postgres keeps everything in a PostgreSQL database: the store for more than one node.
//
// Most callers want [Open] and then the one store they need: [DB.Sessions], [DB.Users], [DB.Credentials], [DB.Limits],
// [DB.Keys], [DB.Revocations]. What those stores promise is written at the interfaces, in the rooms that own them; package storetest
// holds every backend to it.
//
// # One message, one step
//
// Every step is one message to the database: a statement, or several that travel together and are one transaction
// because nothing ends it between them. So no lock is ever held while the database waits for a node; a node that is
// stopped, paused or cut off in the middle of a step holds nobody up.
//
// # Rotations
//
// A refresh is one statement: it moves the row if every condition holds, and returns the session with its user either
// way. Rotations that wait at the same moment leave as one statement with arrays. See fleet.go.
//
// # Who waits for whom
//
// Isolation is READ COMMITTED: a statement sees what was committed when it began, and when it meets a row that somebody
// changed since, it waits, and looks at the conditions again on the new version of that row, though of no other.
//
//	rotate one, End    lock one session row and nothing else
//	rotate many        lock session rows, pass over those that somebody holds, and never wait
//	Clean              the same
//	sign-in            locks the user's row against change, then makes a session row
//	EndAll, Disable, Delete, change of password or of the user
//	                   lock the user's row first, then, with a statement that begins after that and so sees every
//	                   sign-in that was let through, the rows of sessions, passwords, emails, usernames, in this order
//
// Whoever ends a session holds its row when it writes the revocation down, so nobody ever waits for a revocation.
//
// So whoever waits for a session row holds at most the row of its user, whoever holds a session row waits for nothing
// but rows further down, and there is no circle. New emails are claimed before new usernames, and both before old ones
// are given up, for the same reason.
//
// An ending changes the rows of the sessions it ends, and of the one that it keeps. A rotation that began before it
// therefore meets a changed row, and looks again. If the row is refused although it was right when the statement began,
// what the statement saw is older than that change, and the step is made once more: nobody is answered with what was no
// longer true.
//
// # Faults
//
// Serialization failures, deadlocks and connections that were lost before anything was sent are tried again, at growing,
// random distances. A connection that is lost later leaves open whether the step was made: reads and rotations are then
// repeated too, since a rotation names the generation it wants; all else is told as *fault.Unavailable, like everything
// that the database refuses for reasons of its own.
package postgres
