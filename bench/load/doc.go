// Package load is the generator of the benchmarks: virtual users who each hold one connection and ask again as soon as
// they have an answer.
//
// It speaks HTTP/1.1 by hand and keeps what it spends for itself small, because it shares the machine with the server
// that it measures: every cycle of its own would make all servers look alike. What a user asks and what it makes of the
// answer is the user's ([User]); what is measured, and beside what, is the benchmarks'.
package load
