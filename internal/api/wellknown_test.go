package api_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/api/apitest"
)

func TestKeySetHoldsTheKeyOfEveryToken(t *testing.T) {
	for _, alg := range []string{"ES256", "EdDSA", "RS256", "PS256"} {
		t.Run(alg, func(t *testing.T) {
			s := start(t, func(o *apitest.Options) { o.SigningAlg = alg })
			head := header(s.SignUp("body").Bearer)
			got := s.Client().Get("/.well-known/jwks.json").Want(200)
			var set struct {
				Keys []struct {
					Kid string `json:"kid"`
					Alg string `json:"alg"`
				} `json:"keys"`
			}
			got.Into(&set)
			found := false
			for _, key := range set.Keys {
				found = found || key.Kid == head["kid"] && key.Alg == alg
			}
			if !found || head["typ"] != "at+jwt" || head["alg"] != alg {
				t.Errorf("the token says %v, the key set %v", head, set.Keys)
			}
			if got.Header.Get("Cache-Control") != "public, max-age=300" || got.Header.Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("headers %v", got.Header)
			}
		})
	}
}

func header(token string) (members map[string]any) {
	part, _, _ := strings.Cut(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil || json.Unmarshal(raw, &members) != nil {
		return nil
	}
	return members
}

func TestSharedSecretIsNeverPublished(t *testing.T) {
	const shared = "a shared secret of more than 32 characters"
	s := start(t, func(o *apitest.Options) { o.SigningAlg, o.AccessTokenSecret = "HS256", shared })
	s.SignUp("body").Get("/v1/me").Want(200)
	got := s.Client().Get("/.well-known/jwks.json").Want(200)
	if keys, _ := got.Value("keys").([]any); len(keys) != 0 {
		t.Errorf("%d keys", len(keys))
	}
	if strings.Contains(s.Log.String(), shared) {
		t.Error("the secret is in the log")
	}
}

func TestMetadataLiesWhereTheIssuerSays(t *testing.T) {
	for _, path := range []string{"", "/auth", "/a/b"} {
		t.Run("path "+path, func(t *testing.T) {
			s := start(t, func(o *apitest.Options) { o.Path = path })
			c := s.SignUp("body")
			for _, address := range []string{
				s.URL + "/.well-known/oauth-authorization-server",
				s.Origin() + "/.well-known/oauth-authorization-server" + path, // RFC 8414 section 3.1
			} {
				got := s.Client().Get(address).Want(200)
				if got.Text("issuer") != s.URL || got.Text("issuer") != claims(c.Bearer)["iss"] {
					t.Errorf("%s: the issuer is %q, the tokens' %q", address, got.Text("issuer"), claims(c.Bearer)["iss"])
				}
				s.Client().Get(got.Text("jwks_uri")).Want(200)
				s.Client().Get(got.Text("service_documentation")).Want(200)
			}
		})
	}
}

func TestEverythingLiesUnderThePathOfThePublicURL(t *testing.T) {
	s := start(t, func(o *apitest.Options) { o.Path = "/auth" })
	if got := s.Client().Get(s.Origin() + "/v1/me"); got.Status != 404 {
		t.Errorf("outside of the path: status %d", got.Status)
	}
	s.Client().Get("/v1/nothing").WantProblem(404, "not_found")
	s.Client().Get("/v1/me").WantProblem(401, "token_missing")
}

func TestHealth(t *testing.T) {
	s := start(t)
	if got := s.Client().Get("/healthz").Want(200).Text("status"); got != "ok" {
		t.Errorf("status %q", got)
	}
	if got := s.Client().Get("/readyz").Want(200).Text("status"); got != "ready" {
		t.Errorf("status %q", got)
	}
}

func TestExpressPreset(t *testing.T) {
	s := start(t, func(o *apitest.Options) {
		o.Preset, o.AccessTokenSecret = "express", "a shared secret of more than 32 characters"
	})
	c := s.Client()
	got := c.Post("/v1/register", map[string]string{"email": "ada@example.com", "username": "ada", "name": "Ada", "password": apitest.Password}).Want(201)
	access, refresh := got.Cookie("accessToken"), got.Cookie("refreshToken")
	if access == nil || refresh == nil {
		t.Fatal("the cookies have other names")
	}
	token := claims(access.Value)
	if token["_id"] != got.Text("user.id") || token["username"] != "ada" || token["fullName"] != "Ada" || token["email"] != "ada@example.com" {
		t.Errorf("claims %v", token)
	}
	c.Get("/v1/me").Want(200)
	c.Refresh().Want(200)
	names := c.Get("/openapi.json").Want(200)
	if names.Text("components.securitySchemes.accessCookie.name") != "accessToken" {
		t.Error("openapi.json tells other cookie names")
	}
}
