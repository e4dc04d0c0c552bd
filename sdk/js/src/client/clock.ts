/**
 * A moment on both clocks of the device. Each has its fault: one stands still while some machines sleep, the other jumps
 * when it is set. What the wall clock says is never compared with a time of the server's.
 */
export interface Moment {
  readonly steady: number;
  readonly wall: number;
}

export const now = (): Moment => ({ steady: performance.now(), wall: Date.now() });

/** Seconds since a moment, by the clock that moved more: a refresh too early harms nobody. */
export const since = (m: Moment): number => Math.max(performance.now() - m.steady, Date.now() - m.wall) / 1000;

/** A wait that can be cut short. */
export interface Pause {
  readonly over: Promise<void>;
  /** Seconds until it is over by itself. */
  left(): number;
  end(): void;
}

export function pause(seconds: number): Pause {
  const began = now();
  let end = () => {};
  const over = new Promise<void>((done) => {
    const timer = setTimeout(done, seconds * 1000);
    (timer as { unref?(): void }).unref?.(); // in Node, waiting for a server keeps no program alive
    end = () => {
      clearTimeout(timer);
      done();
    };
  });
  return { over, end, left: () => seconds - since(began) };
}
