import { execFileSync } from "node:child_process";
import { expect, inject } from "vitest";
import type { SignedIn } from "../../src/index.ts";
import type { Mayfly } from "./mayfly.ts";

/** Who a person is at sign-in. */
interface Person {
  email: string;
  password: string;
}

async function call(mayfly: Mayfly, method: string, path: string, body: object, token?: string): Promise<Response> {
  const answer = await fetch(mayfly.url + path, {
    method,
    headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  });
  expect(answer.ok, `${method} ${path}: ${answer.status}`).toBe(true);
  return answer;
}

/** elsewhere signs a person in on another device, which is no browser, and returns its access token. */
export async function elsewhere(mayfly: Mayfly, { email, password }: Person): Promise<string> {
  const answer = await call(mayfly, "POST", "/v1/login", { identifier: email, password, delivery: "body" });
  const { access_token = "" } = (await answer.json()) as SignedIn;
  return access_token;
}

/** The person signs out all other devices, from another one. */
export async function endElsewhere(mayfly: Mayfly, who: Person): Promise<void> {
  await call(mayfly, "POST", "/v1/logout?scope=others", {}, await elsewhere(mayfly, who));
}

/** The person deletes the account, from another device. */
export async function deleteElsewhere(mayfly: Mayfly, who: Person): Promise<void> {
  await call(mayfly, "DELETE", "/v1/me", { current_password: who.password }, await elsewhere(mayfly, who));
}

/** The person changes the password, from another device. */
export async function changePassword(mayfly: Mayfly, who: Person, to: string): Promise<void> {
  const body = { current_password: who.password, new_password: to };
  await call(mayfly, "POST", "/v1/me/password", body, await elsewhere(mayfly, who));
}

/** An administrator shuts the person out, at the command line. */
export function disable(mayfly: Mayfly, { email }: Person): void {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, MAYFLY_DATA: mayfly.data };
  execFileSync(inject("mayfly"), ["user", "disable", email], { env, stdio: "pipe" });
}

/** Buys the next pair as a thief would who copied the refresh cookie; returns the status and the code of a refusal. */
export async function spend(mayfly: Mayfly, refreshToken: string): Promise<{ status: number; code?: string }> {
  const answer = await fetch(`${mayfly.url}/v1/refresh`, {
    method: "POST",
    headers: { cookie: `mayfly_refresh=${refreshToken}` },
  });
  const { code } = (await answer.json()) as { code?: string };
  return { status: answer.status, ...(code && { code }) };
}
