// Package credential owns what people prove themselves with: passwords now, passkeys and one-time codes later.
//
// It says which password is good enough (Policy), turns one into a hash that is slow to guess (Hasher), and checks one
// against a hash, its own or one that another system made. New hashes are argon2id. Hashes of argon2i, bcrypt, scrypt
// and PBKDF2 are read so that people can move in without a new password; the first right password replaces them.
//
// Hashing is the only slow thing in Mayfly, so the Hasher bounds how many run at once, how many wait, and how much work
// a hash from outside may ask for: a stored hash is data, and data must not be able to ask for four gigabytes.
//
// A password is counted in code points, compared in NFC (the same letters from a phone and from a laptop can be other
// bytes), never cut and never folded (STD-93). It is never kept, logged or put into an error, nor is any part of it.
//
// Whose password it is, how often one may be wrong, and what a change of it ends is the business of package account.
package credential
