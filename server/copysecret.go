package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/mayfly-auth/mayfly/internal/keyset"
	"github.com/mayfly-auth/mayfly/internal/secret"
)

// CheckSecret finds out whether the server secret that the target will have is the one of the source, by opening the
// source's signing keys with it, and says what it found. With another secret every session would end.
//
// The target's secret is that of the settings, or else the file beside an embedded target, or else the file beside an
// embedded source, which the new server is then to be given.
func (c *Copying) CheckSecret(ctx context.Context, urls CopyURLs, configured []string) (finding string, err error) {
	list, from, advice, err := secretOfTarget(urls, configured)
	if err != nil {
		return "", err
	}
	keys, err := c.Source.Keys(ctx)
	if err != nil {
		return "", fmt.Errorf("source: %w", err)
	}
	if from == "" {
		return "no secret is known here, so it was not tried; the new server must have the secret of the old one, or every session ends", nil
	}
	tried := 0
	for _, k := range keys {
		if !k.RevokedAt.IsZero() {
			continue
		}
		if err := keyset.Check(list.Derive(keyset.SealPurpose), k); errors.Is(err, keyset.ErrSecret) {
			return "", fmt.Errorf("%s is not the secret of the source: it does not open the signing key %s, and with it every session "+
				"would end; fix: give the new server, and this command, the secret of the old one", from, k.ID)
		} else if err != nil {
			return "", fmt.Errorf("source: %w", err)
		}
		tried++
	}
	if tried == 0 {
		return "there is no signing key to try the secret on; the new server must have the secret of the old one, or every session ends", nil
	}
	return from + " opens the signing keys" + advice, nil
}

func secretOfTarget(urls CopyURLs, configured []string) (list secret.List, from, advice string, err error) {
	if len(configured) > 0 {
		list, err = secret.Parse(configured...)
		return list, "the secret of the settings", "; the new server must have it too", err
	}
	path := secretBeside(urls.To)
	if path == "" {
		if path = secretBeside(urls.From); path == "" {
			return list, "", "", nil
		}
		advice = "; start the new server with MAYFLY_SECRET_FILE=" + path
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return list, "", "", fmt.Errorf("read the secret: %w", err)
	}
	list, err = secret.Parse(strings.Split(string(text), "\n")...)
	return list, path, advice, err
}
