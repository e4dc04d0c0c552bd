package mayfly

import (
	"context"
	"errors"
	"fmt"
)

// Login signs in with an email address or a username, and a password. A wrong pair is a [*Problem] with the code
// credentials_invalid, too many attempts one with too_many_attempts and RetryAfter. An earlier session is forgotten
// here, not ended; call Logout for that.
func (t *Transport) Login(ctx context.Context, identifier, password string) error {
	sent := t.session.now()
	g, err := t.session.endpoint.login(ctx, identifier, password)
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	if err := t.session.begin(ctx, g, sent); err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	return nil
}

// Logout ends the session. On this side it is over in any case, and a refresh on its way can not bring it back; an error
// says that the storage or the server could not be told, so that the refresh token, if somebody has a copy, is good
// until the session expires.
func (t *Transport) Logout(ctx context.Context) error {
	refreshToken, err := t.session.end(ctx)
	if refreshToken != "" {
		err = errors.Join(err, t.session.endpoint.logout(ctx, refreshToken))
	}
	if err != nil {
		return fmt.Errorf("sign out: %w", err)
	}
	return nil
}
