import { expect, test } from "vitest";
import { type AuthState, createAuth, isAuthError, type TokenStorage } from "../../src/index.ts";
import { person, startMayfly } from "../support/mayfly.ts";

/** A storage that an app would put before a keychain. */
function inMemory(): TokenStorage & { token: string | null } {
  return {
    token: null,
    get() {
      return this.token;
    },
    set(token) {
      this.token = token;
    },
  };
}

test("a program signs in, calls, refreshes when the access token is dead, and signs out", async () => {
  const mayfly = await startMayfly({ access_ttl: "3s" });
  const storage = inMemory();
  const auth = createAuth({ url: mayfly.url, delivery: "body", storage });
  const states: AuthState["status"][] = [];
  auth.onChange((state) => states.push(state.status));
  expect((await auth.init()).status).toBe("signed-out");

  const ada = await auth.register(person());
  expect(auth.user).toEqual(ada);
  const first = await auth.getToken();
  const refresh = storage.token;
  await expect.poll(() => auth.expiresIn, { timeout: 30_000 }).toBe(0);
  expect((await auth.fetch(`${mayfly.url}/v1/me`)).status).toBe(200);
  expect(await auth.getToken()).not.toBe(first);
  expect(storage.token).toBe(refresh); // within the refresh window the successor is the same

  expect(await auth.sessions.list()).toMatchObject([{ current: true }]);
  await auth.logout();
  expect(auth.state).toEqual({ status: "signed-out" });
  expect(storage.token).toBeNull();
  expect(await auth.getToken()).toBeNull();
  expect(states).toContain("signed-in");
  expect(states.at(-1)).toBe("signed-out");
});

test("another program with the same storage is signed in after init", async () => {
  const mayfly = await startMayfly();
  const storage = inMemory();
  const ada = await createAuth({ url: mayfly.url, delivery: "body", storage }).register(person());
  const next = createAuth({ url: mayfly.url, delivery: "body", storage });
  expect(await next.init()).toMatchObject({ status: "signed-in", user: { id: ada.id }, reconnecting: false });
});

test("failures have their codes", async () => {
  const mayfly = await startMayfly();
  const auth = createAuth({ url: mayfly.url, delivery: "body", storage: inMemory() });
  const ada = person();
  await auth.register(ada);
  await auth.logout();
  const wrong = await auth.login({ identifier: ada.email, password: "not it" }).catch((e) => e);
  expect(isAuthError(wrong) && wrong.code).toBe("credentials_invalid");
  const weak = await auth.register({ email: "x", password: "password" }).catch((e) => e);
  if (!isAuthError(weak) || weak.code !== "request_invalid") throw weak;
  expect(weak.fields.length).toBeGreaterThan(0);
  const nobody = await auth.sessions.list().catch((e) => e);
  expect(isAuthError(nobody) && nobody.code).toBe("signed_out");
});

test("a session that was ended elsewhere signs out with the reason", async () => {
  const mayfly = await startMayfly();
  const storage = inMemory();
  const auth = createAuth({ url: mayfly.url, delivery: "body", storage });
  const ada = person();
  await auth.register(ada);
  const phone = createAuth({ url: mayfly.url, delivery: "body", storage: inMemory() });
  await phone.login({ identifier: ada.email, password: ada.password });
  for (const device of await phone.sessions.list()) if (!device.current) await phone.sessions.end(device.id);
  const failure = await auth.refresh().catch((e) => e);
  expect(isAuthError(failure) && failure.code).toBe("signed_out");
  expect(auth.state).toMatchObject({ status: "signed-out", reason: { code: "session_revoked", sessionEnded: true } });
  expect(storage.token).toBeNull();
});

test("a server that can not be reached signs nobody out, and is told of a sign-out when it is back", async () => {
  const mayfly = await startMayfly({ access_ttl: "3s" });
  const storage = inMemory();
  const auth = createAuth({ url: mayfly.url, delivery: "body", storage });
  const ada = person();
  await auth.register(ada);
  await mayfly.stop("SIGKILL");
  await auth.refresh().catch((e) => expect(isAuthError(e) && e.code).toBe("network"));
  expect(auth.state).toMatchObject({ status: "signed-in", reconnecting: true });
  await mayfly.start();
  await expect.poll(() => auth.state, { timeout: 30_000 }).toMatchObject({ status: "signed-in", reconnecting: false });

  const token = storage.token;
  await mayfly.stop("SIGKILL");
  await auth.logout();
  expect(auth.state.status).toBe("signed-out");
  await mayfly.start();
  const answer = () =>
    fetch(`${mayfly.url}/v1/refresh`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ refresh_token: token }),
    }).then((a) => a.status);
  await expect.poll(answer, { timeout: 30_000 }).toBe(401);
});

test("a set-up that can not work is refused with the fix", async () => {
  expect(() => createAuth({ url: "https://auth.example.com", delivery: "body" })).toThrow(/storage/);
  const rendered = createAuth({ url: "/auth" }); // a server that renders a page holds one, and asks it nothing
  expect(rendered.state.status).toBe("loading");
  const calls = await Promise.allSettled([
    rendered.init(),
    rendered.sessions.list(),
    rendered.logout(),
    rendered.refresh(),
  ]);
  for (const call of calls)
    expect(call).toMatchObject({ reason: { message: expect.stringMatching(/whole public URL/) } });
});
