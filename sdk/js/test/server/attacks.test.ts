import { createHmac, createSign, generateKeyPairSync } from "node:crypto";
import { exportSPKI, importJWK } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { createVerifier, type Verifier, VerifyError } from "../../src/server.ts";
import { claimsOf, codeOf, mint, type Pair, pair } from "./issuer.ts";

const issuer = "http://localhost:8080";
const secret = "a secret of no less than thirty-two bytes";
const encode = (text: string | Uint8Array) => Buffer.from(text).toString("base64url");
const body = JSON.stringify(claimsOf(issuer));

/** forge signs any header and payload with the shared secret, so that nothing else can be the reason of a refusal. */
function forge(
  header: string | Uint8Array,
  payload: string | Uint8Array = body,
  key: string | Buffer = secret,
): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${createHmac("sha256", key).update(input).digest("base64url")}`;
}

const shared = createVerifier({ issuer, sharedSecret: secret });

/** The verifier of an issuer with these keys, as if they had come over HTTP. */
function verifierOf(...keys: Pair[]): Verifier {
  const body = JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });
  return createVerifier({ issuer, fetch: async () => new Response(body) });
}

describe("the header", () => {
  test("an honest one is believed, with members that mean nothing here", async () => {
    expect(await codeOf(shared.verifyToken(forge('{"alg":"HS256","typ":"at+jwt","kid":"k","x5t":"","a":["b"]}')))).toBe(
      "",
    );
    expect(await codeOf(shared.verifyToken(forge('{"alg":"HS256","typ":"application/AT+JWT"} ')))).toBe("");
  });

  test.each([
    '{"alg":"none","typ":"at+jwt"}',
    '{"alg":"None","typ":"at+jwt"}',
    '{"alg":"nOnE","typ":"at+jwt"}',
    '{"alg":"hs256","typ":"at+jwt"}',
    '{"alg":"HS256 ","typ":"at+jwt"}',
    '{"alg":"HS384","typ":"at+jwt"}',
    '{"alg":"ES256","typ":"at+jwt"}',
    '{"alg":"toString","typ":"at+jwt"}',
    '{"alg":"__proto__","typ":"at+jwt"}',
    '{"alg":"","typ":"at+jwt"}',
    '{"typ":"at+jwt"}',
    '{"ALG":"HS256","typ":"at+jwt"}',
    '{"alg":null,"typ":"at+jwt"}',
    '{"alg":["HS256"],"typ":"at+jwt"}',
    '{"alg":"HS256","typ":"at+jwt","kid":7}',
    '{"alg":"HS256","typ":null}',
    '{"alg":"HS256"}',
    '{"alg":"HS256","typ":"JWT"}',
    '{"alg":"HS256","typ":"logout+jwt"}',
    '{"alg":"HS256","typ":"at+jwt","crit":["exp"],"exp":1}',
    '{"alg":"HS256","typ":"at+jwt","crit":[]}',
    '{"alg":"HS256","typ":"at+jwt","crit":null}',
    '{"alg":"HS256","typ":"at+jwt","\\u0063rit":[]}',
    '{"alg":"HS256","typ":"at+jwt","b64":false,"crit":["b64"]}',
    '{"alg":"HS256","typ":"at+jwt","b64":true}',
    '{"alg":"HS256","typ":"at+jwt","zip":"DEF"}',
    '{"alg":"HS256","typ":"at+jwt","jku":"https://evil.example/jwks.json"}',
    '{"alg":"HS256","typ":"at+jwt","x5u":"https://evil.example/cert.pem"}',
    '{"alg":"HS256","typ":"at+jwt","x5c":[]}',
    '{"alg":"HS256","typ":"at+jwt","jwk":{"kty":"oct","k":"AAAA"}}',
    '{"alg":"none","alg":"HS256","typ":"at+jwt"}',
    '{"alg":"HS256","\\u0061lg":"HS256","typ":"at+jwt"}',
    '{"alg":"HS256","typ":"at+jwt"}{}',
    '{"alg":"HS256","typ":"at+jwt",}',
    '{"alg":"HS256","typ":"at+jwt","x":"\\ud800"}',
    '["HS256"]',
    '"HS256"',
    "null",
    '\ufeff{"alg":"HS256","typ":"at+jwt"}',
  ])("%s is refused", async (header) => {
    expect(await codeOf(shared.verifyToken(forge(header)))).toBe("token_invalid");
  });

  test("bytes that are not UTF-8 are refused", async () => {
    const header = Buffer.concat([
      Buffer.from('{"alg":"HS256","typ":"at+jwt","kid":"'),
      Buffer.from([0xff]),
      Buffer.from('"}'),
    ]);
    expect(await codeOf(shared.verifyToken(forge(header)))).toBe("token_invalid");
  });
});

describe("the payload", () => {
  const good = '{"alg":"HS256","typ":"at+jwt"}';
  const now = Math.floor(Date.now() / 1000);
  const changed = (change: Record<string, unknown>) => JSON.stringify({ ...claimsOf(issuer), ...change });

  test.each([
    ["with an audience among others", { aud: ["x", issuer] }],
    ["with a fraction of a second", { iat: now + 0.5, exp: now + 60.5 }],
    ["from a clock that is 29 seconds ahead", { iat: now + 29, nbf: now + 29 }],
    ["with a member named __proto__", JSON.parse('{"__proto__":{"sub":"eve"}}')],
  ])("%s is believed", async (_, change) => {
    const claims = await shared.verifyToken(forge(good, changed(change)));
    expect(claims.sub).toBe("ada");
    expect(Object.getPrototypeOf(claims)).toBe(Object.prototype);
  });

  test.each([
    ...["iss", "sub", "aud", "exp", "iat", "jti", "client_id"].map(
      (name) => [`without ${name}`, { [name]: undefined }] as const,
    ),
    ...["iss", "sub", "aud", "exp", "iat", "jti", "client_id"].map(
      (name) => [`with ${name} null`, { [name]: null }] as const,
    ),
    ["with an empty sub", { sub: "" }],
    ["with exp as text", { exp: String(now + 60) }],
    ["with exp in milliseconds of a far year", { exp: 253402300800 }],
    ["with a negative iat", { iat: -1 }],
    ["that is issued after it expires", { iat: now + 20, exp: now + 10 }],
    ["from the future", { iat: now + 60, exp: now + 120 }],
    ["not valid yet", { nbf: now + 60 }],
    ["with nbf as text", { nbf: "0" }],
    ["with sid as a number", { sid: 1 }],
    ["with amr as text", { amr: "pwd" }],
    ["with another issuer", { iss: `${issuer}/` }],
    ["with a list as issuer", { iss: [issuer] }],
    ["with another audience", { aud: `${issuer}/` }],
    ["with an audience that only begins so", { aud: [`${issuer}.evil.example`] }],
    ["with no audience in the list", { aud: [] }],
  ] as [string, Record<string, unknown>][])("%s is refused", async (_, change) => {
    expect(await codeOf(shared.verifyToken(forge(good, changed(change))))).toBe("token_invalid");
  });

  test.each([
    ["a member twice", body.replace("{", '{"sub":"eve",')],
    ["a member twice, deep inside", body.replace("{", '{"a":[{"b":{"c":1,"c":2}}],')],
    ["a member twice, by an escape", body.replace("{", '{"s\\u0075b":"eve",')],
    ["nesting too deep", body.replace("{", `{"a":${"[".repeat(32)}${"]".repeat(32)},`)],
    ["something after it", `${body}x`],
    ["a list around it", `[${body}]`],
  ])("with %s is refused", async (_, payload) => {
    expect(await codeOf(shared.verifyToken(forge(good, payload)))).toBe("token_invalid");
  });

  test("a token of 8192 characters is believed, a longer one is refused though its signature is right", async () => {
    const long = (length: number) => forge(good, changed({ note: "x".repeat(length) }));
    let length = 5_000;
    while (long(length + 1).length <= 8192) length += 1;
    expect(await codeOf(shared.verifyToken(long(length)))).toBe("");
    expect(await codeOf(shared.verifyToken(long(length + 1)))).toBe("token_invalid");
  });

  test("a claim of the profile that is not of its type is left out, and roles are always a list", async () => {
    const roles = { roles: "not-an-admin", email: 7, email_verified: "true", name: ["Ada"], plan: { tier: 1 } };
    const claims = await shared.verifyToken(forge(good, changed(roles)));
    expect(claims.roles).toEqual([]);
    expect(claims).not.toHaveProperty("email");
    expect(claims).not.toHaveProperty("email_verified");
    expect(claims).not.toHaveProperty("name");
    expect(claims.plan).toEqual({ tier: 1 });
    expect(Object.isFrozen(claims.plan)).toBe(true);
  });
});

describe("the signature", () => {
  let keys: Record<"ES256" | "EdDSA" | "RS256" | "PS256", Pair>;
  let token: string;
  let parts: [string, string, string];

  beforeAll(async () => {
    const [ES256, EdDSA, RS256, PS256] = await Promise.all(
      ["ES256", "EdDSA", "RS256", "PS256"].map((alg) => pair("k", alg)),
    );
    keys = { ES256, EdDSA, RS256, PS256 } as typeof keys;
    token = await mint(keys.ES256, claimsOf(issuer));
    parts = token.split(".") as typeof parts;
  });

  test.each(["ES256", "EdDSA", "RS256", "PS256"] as const)(
    "%s made by jose is believed, of another key is not",
    async (alg) => {
      const { verifyToken } = verifierOf(keys[alg]);
      expect(await codeOf(verifyToken(await mint(keys[alg], claimsOf(issuer))))).toBe("");
      expect(await codeOf(verifyToken(await mint(await pair("k", alg), claimsOf(issuer))))).toBe("token_invalid");
    },
  );

  test("EdDSA is believed under its newer name Ed25519", async () => {
    const { verifyToken } = verifierOf({ ...keys.EdDSA, jwk: { ...keys.EdDSA.jwk, alg: "Ed25519" } });
    const key = { ...keys.EdDSA, alg: "Ed25519" };
    expect(await codeOf(verifyToken(await mint(key, claimsOf(issuer))))).toBe("");
  });

  test("a public key is never taken for an HMAC secret, in whatever form", async () => {
    for (const key of Object.values(keys)) {
      const spki = await exportSPKI((await importJWK({ ...key.jwk, ext: true }, key.alg)) as CryptoKey);
      const der = Buffer.from(spki.replaceAll(/-----[^-]+-----|\s/g, ""), "base64");
      const forms = [spki, spki.trim(), der, JSON.stringify(key.jwk), key.jwk.x ?? key.jwk.n ?? ""];
      for (const form of [...forms, Buffer.from(key.jwk.x ?? key.jwk.n ?? "", "base64url")]) {
        const confused = forge('{"alg":"HS256","typ":"at+jwt","kid":"k"}', body, form);
        expect(await codeOf(verifierOf(key).verifyToken(confused))).toBe("token_invalid");
      }
    }
  });

  test("RS256 and PS256 do not stand in for one another", async () => {
    const pss = { ...keys.PS256, jwk: { ...keys.PS256.jwk, alg: "RS256" } };
    expect(await codeOf(verifierOf(pss).verifyToken(await mint(keys.PS256, claimsOf(issuer))))).toBe("token_invalid");
    const [, payload, signature] = (await mint(keys.RS256, claimsOf(issuer))).split(".");
    const relabelled = `${encode('{"alg":"PS256","typ":"at+jwt","kid":"k"}')}.${payload}.${signature}`;
    const both = { ...keys.RS256, jwk: { ...keys.RS256.jwk, alg: "PS256" } };
    expect(await codeOf(verifierOf(both).verifyToken(relabelled))).toBe("token_invalid");
  });

  test("another curve, DER, zeros and the order of the curve are refused for ES256", async () => {
    const input = `${parts[0]}.${parts[1]}`;
    const raw = Buffer.from(parts[2], "base64url");
    const zeros = Buffer.alloc(32);
    const order = Buffer.from("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", "hex");
    const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey;
    const p256 = { key: await crypto.subtle.exportKey("jwk", keys.ES256.privateKey), format: "jwk" } as never;
    const signatures = [
      createSign("sha256").update(input).sign({ key: p384, dsaEncoding: "ieee-p1363" }),
      createSign("sha256").update(input).sign(p256), // DER
      Buffer.concat([zeros, zeros]),
      Buffer.concat([zeros, raw.subarray(32)]),
      Buffer.concat([raw.subarray(0, 32), zeros]),
      Buffer.concat([order, order]),
      raw.subarray(0, 63),
      Buffer.concat([raw, Buffer.alloc(1)]),
    ];
    for (const signature of signatures) {
      expect(await codeOf(verifierOf(keys.ES256).verifyToken(`${input}.${encode(signature)}`))).toBe("token_invalid");
    }
  });

  test("every other spelling of the token is refused, also when the token was seen before", async () => {
    const { verifyToken } = verifierOf(keys.ES256);
    expect(await codeOf(verifyToken(token))).toBe("");
    const [header, payload, signature] = parts;
    const spellings = [
      `${header}.${payload}.`,
      `${header}.${payload}`,
      `${token}.AAAA`,
      `${token}.`,
      `.${token}`,
      `${header}..${signature}`,
      `${token}==`,
      `${token}\n`,
      `${token.slice(0, 40)}\r\n${token.slice(40)}`,
      ` ${token}`,
      `${token} `,
      `${token}\0`,
      `${header}.${payload}.++//${signature.slice(4)}`,
      `${token.slice(0, -1)}${String.fromCharCode(token.charCodeAt(token.length - 1) + 1)}`, // non-canonical last character
      JSON.stringify({ protected: header, payload, signature }),
      "eyJhbGciOiJkaXIifQ....",
      `${header}.${"A".repeat(8192)}.${signature}`,
      `${token.slice(0, -1)}\u00e9`,
      `${token.slice(0, -1)}\u{1f98b}`,
    ];
    for (const spelling of spellings) expect(await codeOf(verifyToken(spelling))).toBe("token_invalid");
  });

  test.each(["ES256", "EdDSA", "RS256", "PS256"] as const)(
    "Promise 22: no single changed byte of a token signed with %s is accepted",
    async (alg) => {
      const good = await mint(keys[alg], claimsOf(issuer));
      const { verifyToken } = verifierOf(keys[alg]);
      expect(await codeOf(verifyToken(good))).toBe("");
      const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=";
      for (let i = 0; i < good.length; i++) {
        const others = [...alphabet].filter((letter) => letter !== good[i]);
        // Every position; of the letters there a seventh, another seventh at each, but all at the end of each part.
        const wanted = others.filter((_, j) => (i + j) % 7 === 0 || good[i + 1] === "." || i === good.length - 1);
        for (const letter of wanted) {
          const code = await codeOf(verifyToken(good.slice(0, i) + letter + good.slice(i + 1)));
          if (code !== "token_invalid") expect.fail(`${letter} at ${i}: ${code}`);
        }
      }
    },
  );

  test("nothing of a token is in an error", async () => {
    const { verifyToken } = verifierOf(keys.ES256);
    const bad = forge('{"alg":"HS256","typ":"at+jwt","kid":"Geheimnis"}', changedSub("Geheimnis"));
    for (const wrong of [bad, `${parts[0]}.${parts[1]}.${encode("Geheimnis")}`, forge("Geheimnis", "Geheimnis")]) {
      const error = await verifyToken(wrong).catch((error) => error);
      expect(error).toBeInstanceOf(VerifyError);
      const told = [error.message, error.stack, error.body, String(error.cause)].join("\n");
      for (const part of ["Geheimnis", ...wrong.split(".")]) expect(told).not.toContain(part);
    }
  });
});

function changedSub(sub: string): string {
  return JSON.stringify({ ...claimsOf(issuer), sub });
}
