package revocation

import (
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
)

func parseRevoked(t *testing.T, data string) (list []accesstoken.Mark, expires int) {
	t.Helper()
	var body struct {
		Sessions  []string `json:"sessions"`
		ExpiresIn int      `json:"expires_in"`
	}
	if err := json.Unmarshal([]byte(data), &body); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
	if len(body.Sessions) == 0 || len(body.Sessions) > 500 || body.ExpiresIn < 1 {
		t.Fatalf("%d sessions, which expire in %d s", len(body.Sessions), body.ExpiresIn)
	}
	for _, text := range body.Sessions {
		raw, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil || len(text) != 16 {
			t.Fatalf("the mark %q: %v", text, err)
		}
		list = append(list, accesstoken.Mark(raw))
	}
	return list, body.ExpiresIn
}
