import type { Request } from "playwright-core";
import type { Tab } from "./browser.ts";
import { hours } from "./browser-clock.ts";

/**
 * The page's timers and clocks in the hands of the test: a minute of pauses passes in a moment, and always the same way.
 * The network stays real.
 */
export interface Time {
  /** Lets seconds pass, one after the other, and the network catch up with each of them. */
  pass(seconds: number): Promise<void>;
  /** Lets time pass until the work is done. */
  until<T>(work: Promise<T>): Promise<T>;
  /** Lets time pass until the condition holds. */
  when(condition: () => Promise<boolean>): Promise<void>;
}

const moment = () => new Promise((next) => setTimeout(next, 20));

/**
 * takeTime stops the clocks of a tab; the page must be loaded anew after it. It has to know the path, if there is one,
 * of which an answer may never come.
 */
export async function takeTime(tab: Tab, silent?: string): Promise<Time> {
  await tab.page.clock.install({ time: Date.now() });
  await tab.page.clock.pauseAt(Date.now() + hours); // far enough that the clock can not be there already
  const open = new Set<Request>();
  tab.page.on("request", (request) => open.add(request));
  tab.page.on("requestfinished", (request) => open.delete(request));
  tab.page.on("requestfailed", (request) => open.delete(request));

  const isSilent = (request: Request) => new URL(request.url()).pathname === silent;
  const second = async () => {
    await tab.page.clock.runFor(1000);
    for (let i = 0; [...open].some((request) => !isSilent(request)); i++) {
      if (i === 1500) throw new Error(`requests that do not end: ${[...open].map((request) => request.url())}`);
      await moment();
    }
    for (let i = 0; i < 10 && open.size > 0; i++) await moment(); // what is never answered must not stop the clock
  };
  const when = async (condition: () => Promise<boolean> | boolean) => {
    for (let i = 0; !(await condition()); i++) {
      if (i === 300) throw new Error("five minutes of the page's time were not enough");
      await second();
    }
  };
  return {
    pass: async (seconds) => {
      for (let i = 0; i < seconds; i++) await second();
    },
    until: async (work) => {
      let done = false;
      const settle = () => {
        done = true;
      };
      work.then(settle, settle);
      await when(() => done);
      return work;
    },
    when,
  };
}
