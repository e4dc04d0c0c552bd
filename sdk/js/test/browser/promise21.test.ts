import { expect, test } from "vitest";
import { changePassword, deleteElsewhere, disable, endElsewhere, spend } from "../support/app-elsewhere.ts";
import { type Device, openDevice, type Tab, waitFor } from "../support/browser.ts";
import { openSite, type Site } from "../support/faults.ts";
import { withoutCookies } from "../support/faults-kinds.ts";
import { person } from "../support/mayfly.ts";

interface Scene {
  site: Site;
  device: Device;
  tab: Tab;
  ada: ReturnType<typeof person>;
}

async function plant({ device, site }: Scene, value: string): Promise<void> {
  const cookie = { name: "mayfly_refresh", value, url: site.url, httpOnly: true };
  await device.context.addCookies([cookie, { ...cookie, name: "mayfly_signed_in", value: "1", httpOnly: false }]);
}

async function refreshCookie({ device }: Scene): Promise<string> {
  return (await device.cookies()).mayfly_refresh ?? "";
}

/** Every way in which a session ends without its person signing out here, and the code that says which it was. */
const causes: [
  name: string,
  code: string,
  end: (scene: Scene) => Promise<unknown>,
  settings?: Record<string, string>,
][] = [
  ["another device signed it out", "session_revoked", ({ site, ada }) => endElsewhere(site.mayfly, ada)],
  [
    "the password was changed",
    "session_revoked",
    ({ site, ada }) => changePassword(site.mayfly, ada, "a loud sea at noon"),
  ],
  ["an administrator disabled the account", "user_disabled", async ({ site, ada }) => disable(site.mayfly, ada)],
  ["the account was deleted", "refresh_invalid", ({ site, ada }) => deleteElsewhere(site.mayfly, ada)],
  ["the refresh token is garbage", "refresh_invalid", (scene) => plant(scene, "mfr_garbage")],
  ["the browser's cookies were cleared", "refresh_missing", ({ device }) => device.context.clearCookies()],
  ["a proxy takes all cookies away", "refresh_missing", async ({ site }) => site.through(withoutCookies)],
  ["somebody copied the refresh token", "refresh_reused", replayTheOldToken, { refresh_window: "1ms" }],
  ["nobody used it for too long", "session_expired", outliveTheSession],
];

async function replayTheOldToken(scene: Scene): Promise<void> {
  const copied = await refreshCookie(scene);
  for (let i = 0; i < 2; i++) expect(await scene.tab.failure("refresh")).toBeNull();
  await plant(scene, copied);
}

/** Only now the time that a session may lie unused becomes short: it must not be over before the tabs are there. */
async function outliveTheSession(scene: Scene): Promise<void> {
  const { mayfly } = scene.site;
  const token = await refreshCookie(scene);
  await mayfly.stop();
  await mayfly.start({ idle_timeout: "1s" });
  const code = async () => (await spend(mayfly, token)).code;
  await expect.poll(code, { timeout: 30_000 }).toBe("session_expired");
}

test.for(causes)(
  "Promise 21: when %s, every tab is told so, once, with the code %s",
  async ([, code, end, settings]) => {
    const site = await openSite(settings);
    const device = await openDevice(site, { console: /status of 401/ });
    const ada = person();
    const tab = await device.tab();
    await tab.register(ada);
    const other = await device.tab();
    await end({ site, device, tab, ada });

    const failed = await tab.failure("refresh");
    expect(failed).toMatchObject({ name: "AuthError", code: "signed_out" });
    for (const each of [tab, other]) {
      await waitFor(each, { status: "signed-out", reason: { code } });
      const heard = (await each.states()).filter((state) => state.status === "signed-out" && state.reason);
      expect(heard).toHaveLength(1);
      expect(heard[0]).toMatchObject({ reason: { name: "AuthError", code } });
      expect((heard[0] as { reason: { message: string } }).reason.message.length).toBeGreaterThan(10);
    }
    expect(site.mayfly.log()).not.toMatch(/mfr_|eyJ/);
  },
);
