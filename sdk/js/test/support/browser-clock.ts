import type { Device } from "./browser.ts";

declare global {
  var setClock: (ahead: number) => void;
  var passTime: (milliseconds: number) => void;
}

/** How far a device's clock may be off, in milliseconds. */
export const minutes = 60_000;
export const hours = 60 * minutes;
export const days = 24 * hours;

/**
 * Sets the wall clock of a device wrong for all pages opened from now on, and lets a page set it with `setClock`. The
 * steady clock, `performance.now`, goes on as it does when a person sets the time. With `passTime` both of them move.
 */
export async function setDeviceClock({ context }: Device, ahead: number): Promise<void> {
  await context.addInitScript((start) => {
    const Real = Date;
    let offset = start;
    let passed = 0;
    globalThis.setClock = (next) => {
      offset = next;
    };
    globalThis.passTime = (more) => {
      passed += more;
    };
    const steady = performance.now.bind(performance);
    performance.now = () => steady() + passed;
    const now = () => Real.now() + offset + passed;
    globalThis.Date = new Proxy(Real, {
      construct: (_, given) => (given.length ? Reflect.construct(Real, given) : new Real(now())),
      apply: () => new Real(now()).toString(),
      get: (target, name) => (name === "now" ? now : Reflect.get(target, name)),
    });
  }, ahead);
}
