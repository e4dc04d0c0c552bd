import type { BrowserContext } from "playwright-core";
import { type Overlook, openDevice } from "../support/browser.ts";
import type { Site } from "../support/faults.ts";

/**
 * openBrowser opens a browser of somebody's own, for pages that are not the app of openSite. It is as strict: the test
 * fails when a page complains in its console, and when one asks anything of another machine.
 */
export async function openBrowser(overlook?: Overlook): Promise<BrowserContext> {
  const { context } = await openDevice({} as Site, overlook); // the site is what its own tabs open
  return context;
}
