import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { digest } from "../support/app.ts";
import { type Outcome, openDevice, type Tab } from "../support/browser.ts";
import { openSite, sha256 } from "../support/faults.ts";
import { person } from "../support/mayfly.ts";

const noise = { console: /status of 401/ };
const words = "one two three ".repeat(5000);

/** Sends a body of one kind with a call, and says what the call came to. */
const kinds: [name: string, send: (tab: Tab) => Promise<Outcome>, digest: string][] = [
  [
    "JSON",
    (tab) =>
      tab.fetch("/api/echo", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: `{"a":"${words}"}`,
      }),
    sha256(`{"a":"${words}"}`),
  ],
  [
    "bytes",
    (tab) =>
      tab.page.evaluate(
        (w) => outcome(auth.fetch("/api/echo", { method: "PUT", body: new TextEncoder().encode(w) })),
        words,
      ),
    sha256(words),
  ],
  [
    "a Blob",
    (tab) => tab.page.evaluate((w) => outcome(auth.fetch("/api/echo", { method: "POST", body: new Blob([w]) })), words),
    sha256(words),
  ],
  [
    "URLSearchParams",
    (tab) =>
      tab.page.evaluate(() =>
        outcome(auth.fetch("/api/echo", { method: "POST", body: new URLSearchParams({ q: "é" }) })),
      ),
    sha256("q=%C3%A9"),
  ],
  [
    "FormData with a file",
    (tab) =>
      tab.page.evaluate((w) => {
        const form = new FormData();
        form.set("title", "a letter");
        form.set("file", new File([w], "letter.txt"));
        return outcome(auth.fetch("/api/echo", { method: "POST", body: form }));
      }, words),
    sha256(`title=a letter\nfile=${words}`),
  ],
  [
    "a Request",
    (tab) =>
      tab.page.evaluate((w) => outcome(auth.fetch(new Request("/api/echo", { method: "POST", body: w }))), words),
    sha256(words),
  ],
  [
    "a Request with a body beside it",
    (tab) =>
      tab.page.evaluate(
        (w) => outcome(auth.fetch(new Request("/api/echo", { method: "POST", body: "not this" }), { body: w })),
        words,
      ),
    sha256(words),
  ],
];

test.for(kinds)("Promise 4: %s is sent again whole when the token was dead", async ([, send, whole]) => {
  const site = await openSite();
  const tab = await (await openDevice(site, noise)).tab();
  await tab.register(person());
  site.killTokens();
  expect(await send(tab)).toMatchObject({ status: 200 });
  const sent = site.calls("/api/echo");
  expect(sent.map((call) => call.status)).toEqual([401, 200]);
  expect(await Promise.all(sent.map(digest))).toEqual([whole, whole]);
  expect(new Set(sent.map((call) => call.method)).size).toBe(1);
});

test("Promise 4: a stream is sent whole once, and one that would have to be sent again is a typed error", async () => {
  const site = await openSite({}, { tls: certificate() });
  const device = await openDevice(site, noise);
  const tab = await device.tab();
  await tab.register(person());
  const send = () =>
    tab.page.evaluate((w) => {
      const body = new Blob([w]).stream();
      return outcome(auth.fetch("/api/echo", { method: "POST", body, duplex: "half" } as RequestInit));
    }, words);
  expect(await send()).toMatchObject({ status: 200 });
  expect(await digests()).toEqual([sha256(words)]);

  site.killTokens();
  expect(await send()).toMatchObject({ failed: { name: "AuthError", code: "body_not_replayable" } });
  expect(await digests()).toEqual([sha256(words), sha256(words)]);
  expect(await send()).toMatchObject({ status: 200 }); // the refresh was made, so the next try works
  expect(site.calls("/auth/v1/refresh")).toHaveLength(1);

  function digests() {
    return Promise.all(site.calls("/api/echo").map(digest));
  }
});

test("Promise 4: a Request whose body is a stream is sent again whole, or is a typed error, and never empty", async () => {
  const site = await openSite({}, { tls: certificate() });
  const tab = await (await openDevice(site, noise)).tab();
  await tab.register(person());
  site.killTokens();
  const call = await tab.page.evaluate((w) => {
    const body = new Blob([w]).stream();
    return outcome(auth.fetch(new Request("/api/echo", { method: "POST", body, duplex: "half" } as RequestInit)));
  }, words);
  if (call.failed) expect(call.failed.code).toBe("body_not_replayable");
  else expect(call.status).toBe(200);
  for (const sent of site.calls("/api/echo")) expect(await digest(sent)).toBe(sha256(words));
});

/** Makes a certificate for localhost with what comes along with Go. */
function certificate(): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), "mayfly-cert-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const root = execFileSync("go", ["env", "GOROOT"], { encoding: "utf8" }).trim();
  const program = join(root, "src/crypto/tls/generate_cert.go");
  execFileSync("go", ["run", program, "--host", "localhost", "--ecdsa-curve", "P256"], { cwd: folder, stdio: "pipe" });
  return { key: readFileSync(join(folder, "key.pem"), "utf8"), cert: readFileSync(join(folder, "cert.pem"), "utf8") };
}
