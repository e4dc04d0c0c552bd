// Package apitest is how the tests of this project talk to Mayfly: a real server over real HTTP, with a clock that can
// be moved, and with every answer held against openapi.json.
//
//	s := apitest.Start(t)
//	ada := s.SignUp("body")
//	s.Clock.Advance(11 * time.Minute)
//	if got := ada.Get("/v1/me"); got.Code() != "token_expired" { … }
//	ada.Refresh().Want(200)
//
// Three promises are kept by every test that uses it, without a word about them: no answer says what the contract does
// not ([Check]); none that carries credentials may be stored by a cache; and no token and no password that went over
// the wire stands in the log, which is kept down to debug level.
//
// What a test expects of the answers is its own business.
package apitest
