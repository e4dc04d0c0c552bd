// Package account owns what a person does with their account: register, sign in, change the password, the profile, and
// leave; and what an administrator does to it. Each use case is one file and both doors call it, so a page and the JSON
// API can never differ in what they ask for or in what order.
//
// It joins the rooms user, credential, limit and session and adds two things that belong to none of them:
//
//   - The order of the steps. Every check that costs nothing comes before the limiter, the limiter before the hash, and the
//     user is read before the password hash, so that the epoch which the new session carries is never younger than the
//     password it was opened with. A password change in between is then caught by the store (session.ErrUserChanged).
//   - The equal answer. An unknown identifier, a wrong password and a disabled user with a wrong password get the same
//     error after the same work (STD-96): the same reads, and a hash that no password fits where there is none. One
//     difference remains: an imported hash that is dearer or cheaper than ours takes its own time until the first
//     right password replaces it.
//
// What a valid email is, how dear a hash, how many attempts: the rooms below know. How tokens travel and which status
// code an error becomes: the doors.
package account
