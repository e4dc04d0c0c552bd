// Package crowd simulates many devices that keep themselves signed in at one Mayfly: event by event, from a seed, so that
// the same seed gives the same numbers.
//
// It owns how devices behave: when they are in use, when they ask for the next token, how long they wait for an answer and
// how they try again, which is what the SDK's client does. The server is a queue that answers so many refreshes a second,
// one after the other. What a refresh costs is for the caller to say.
//
//	in use ──▶ due (less than the lead is left) ──▶ asked ──▶ answered: a new life, shortened by chance
//	   ▲                       ▲                      │
//	   └── not in use ◀────────┴── pause ◀── failed: no answer in time, or nobody there
//
// It knows nothing of networks, of people who come and go with the hour of the day, and of servers that share a queue
// badly. Peaks that come from those are for whoever plans to add.
package crowd
