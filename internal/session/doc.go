// Package session owns the heart of Mayfly: sessions, the refresh tokens that keep them going, and the rule that
// decides what a presented refresh token buys.
//
// A session row holds one generation, its parent, and when it was rotated. No row is ever written per refresh, and no
// token is ever stored: each can be derived again from the row, byte for byte, so that an answer lost on the way is
// simply given once more. With p the generation presented and age the time since the last rotation:
//
//	                   ┌───────────────────────────────────────────────┐
//	sign-in ─────────▶ │ live: generation g, parent q, rotated at t    │
//	                   └───────────────────────────────────────────────┘
//	                       │            │                │           │
//	                  p=g or p=q    p=g or p=q          p>g      any other p,
//	                  age ≤ window  age > window     (restored   a user or an
//	                       │            │             backup)    administrator,
//	                       ▼            ▼                ▼       time
//	                    Repeat:      Rotate:          Rotate:        │
//	                    token g      g ← g+1          g ← p+1        ▼
//	                    again,       q ← p            q ← p      ┌────────────────┐
//	                    no write     t ← now          t ← now    │ ended: reason  │
//	                                                             └────────────────┘
//
// So tabs and parallel calls that present one token all get the same successor; a client whose answer was lost is
// still known by the parent, however late it comes back; and when a token was copied, thief and victim cannot both go
// on: whoever is displaced presents a token that is neither newest nor parent, and the session ends for both
// ([RefreshReused]). [Rule.Judge] is all of it; the model check in this package's tests walks every interleaving.
//
// The rule is applied by one compare-and-swap in the store ([Store.Rotate]). The usual case is tried at once, in one
// step; whoever loses a race gets the row as it now is and applies the rule again.
//
// What this package leaves to others: who the person is (package account), what an access token says (accesstoken),
// how tokens travel (the doors), where rows live (the stores).
package session
