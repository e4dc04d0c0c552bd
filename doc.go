// Package mayfly checks the access tokens of a Mayfly server, and keeps Go programs signed in to one.
//
// Mayfly signs people in once and keeps them signed in. A server that is called by its users needs to know one thing of
// that: who sends this request? Most people want [NewVerifier] and its [Verifier.Middleware]:
//
//	verifier, err := mayfly.NewVerifier(mayfly.VerifierConfig{Issuer: "https://auth.example.com"})
//	if err != nil {
//		log.Fatal(err)
//	}
//	mux.Handle("/notes", verifier.Middleware(notes))
//
// and, in the handler,
//
//	claims, _ := mayfly.FromContext(r.Context())
//	fmt.Fprintln(w, "hello", claims.Name)
//
// [Verifier.Optional] lets anonymous requests pass, [Verifier.Verify] takes a token from anywhere: a queue, gRPC, a
// WebSocket.
//
// A program that is itself the client, such as a command-line tool or a service with an account, wants [NewTransport].
// It is an [net/http.RoundTripper] that adds the access token to each request and refreshes it, so that the rest of the
// program never hears of tokens.
//
// # What is promised
//
//   - A token is believed only with a signature of the issuer's own keys, by the algorithm of the key and not that of the
//     token, the right type, issuer and audience, and within its time. No changed byte is accepted.
//   - After the first request no other waits for the network, but for one that names a new key or ends a long silence.
//     Keys may rotate at any time, and while the issuer is down nobody is refused whose token is good.
//   - A stranger who sends garbage causes one fetch of the keys in each [VerifierConfig.RefetchInterval], however much it
//     is, and memory is bounded.
//   - A [Transport] is signed out only by an answer of Mayfly that says so, never by a network, a proxy or a clock.
//   - No error, log line or answer has a token, a password or a secret in it.
//   - The package needs the standard library and nothing else.
//
// # When somebody signs out
//
// An access token is good until it expires, ten minutes or so after it was made, also when its session has ended
// meanwhile. A verifier with [VerifierConfig.Revocations] follows Mayfly's revocation feed and refuses such a token
// within two seconds, with one connection and no call per request:
//
//	verifier, err := mayfly.NewVerifier(mayfly.VerifierConfig{
//		Issuer:      "https://auth.example.com",
//		Revocations: &mayfly.RevocationsConfig{},
//	})
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer verifier.Close()
//
// [Verifier.Feed] says whether the feed is up, for a metric.
package mayfly
