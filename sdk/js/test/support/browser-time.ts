import type { Tab } from "./browser.ts";

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

/** takeTime stops the clocks of a tab; the page must be loaded anew after it. */
export async function takeTime(tab: Tab): Promise<Time> {
  await tab.page.clock.install({ time: Date.now() });
  await tab.page.clock.pauseAt(Date.now() + 1000);
  const open = new Set<unknown>();
  tab.page.on("request", (request) => open.add(request));
  tab.page.on("requestfinished", (request) => open.delete(request));
  tab.page.on("requestfailed", (request) => open.delete(request));

  const second = async () => {
    await tab.page.clock.runFor(1000);
    // A request that is never answered must not stop the clock, so this waits for the network, but not for ever.
    for (let i = 0; i < 10 && open.size > 0; i++) await new Promise((next) => setTimeout(next, 20));
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
