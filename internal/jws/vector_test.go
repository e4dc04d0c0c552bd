package jws_test

import (
	"errors"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/jws"
)

// The payload that the examples of RFC 7515 appendix A sign.
const joe = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

func TestTheVectorsOfTheRFCsVerify(t *testing.T) {
	secret := decode(t, "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
	shared, err := jws.NewSharedSecret("", secret)
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name, token string
		key         *jws.PublicKey
	}{
		{
			"RFC 7515 A.1, HS256",
			"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + joe + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
			shared.Public(),
		},
		{
			"RFC 7515 A.2, RS256",
			"eyJhbGciOiJSUzI1NiJ9." + joe + ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5" +
				"jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_d" +
				"O--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
			mustJWK(t, `{"kty":"RSA","alg":"RS256","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yR`+
				`T-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdV`+
				`MTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}`),
		},
		{
			"RFC 7515 A.3, ES256",
			"eyJhbGciOiJFUzI1NiJ9." + joe + ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
			mustJWK(t, `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`),
		},
		{
			"RFC 8037 A.4, EdDSA",
			"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
			mustJWK(t, `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`),
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			token, err := jws.Parse(c.token)
			if err != nil {
				t.Fatal(err)
			}
			if err := token.Verify(c.key); err != nil {
				t.Error(err)
			}
		})
	}
}

// RFC 7515 A.5 is the unsecured JWS, whose third part is empty.
func TestTheUnsecuredVectorIsRefused(t *testing.T) {
	for _, signature := range []string{"", "AA"} {
		_, err := jws.Parse("eyJhbGciOiJub25lIn0." + joe + "." + signature)
		if !errors.Is(err, jws.ErrMalformed) && !errors.Is(err, jws.ErrAlgorithm) {
			t.Errorf("got %v", err)
		}
	}
}

func mustJWK(tb testing.TB, text string) *jws.PublicKey {
	tb.Helper()
	key, err := jws.ParseJWK([]byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	return key
}
