package keyset

import "github.com/mayfly-auth/mayfly/internal/secret"

// Check finds out whether one of the secrets opens a stored key: ErrSecret. Whoever moves keys to another deployment
// learns by it before anybody is signed out.
func Check(secrets []secret.Key, k StoredKey) error {
	_, _, err := open(secrets, k)
	return err
}
