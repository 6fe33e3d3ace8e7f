import { AsyncLocalStorage } from 'node:async_hooks';
import { assert } from '#kernel';

/** Whose code runs: a process of the world. What it starts, however many promises later, is its own. */
export interface TimerOwner {
  /** It stands still: its timers wait, and fire when it goes on. */
  readonly isPaused: boolean;
  /** It is dead: its timers never fire. */
  readonly isDead: boolean;
}

interface VirtualTimer {
  readonly id: number;
  readonly owner: TimerOwner | undefined;
  readonly run: () => void;
  readonly everyMs: number | undefined;
  dueMs: number;
}

/** What stands for Node's `Timeout` in production code: it is only ever kept, cleared and unreferenced. */
class TimerHandle {
  readonly id: number;
  constructor(id: number) {
    this.id = id;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  [Symbol.dispose](): void {}
}

const real = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  setImmediate: globalThis.setImmediate,
};
const owners = new AsyncLocalStorage<TimerOwner>();
type Enter = <T>(run: () => T) => T;
/** How to run something in an owner's context: made once for each, for that is what costs something. */
const entrances = new WeakMap<TimerOwner, Enter>();

function entranceOf(owner: TimerOwner): Enter {
  const known = entrances.get(owner);
  if (known !== undefined) return known;
  const enter: Enter = owners.run(owner, () => AsyncLocalStorage.snapshot());
  entrances.set(owner, enter);
  return enter;
}

let isLent = false;

/** UTC instant at which every run begins. */
export const epochMs = Date.parse('2026-11-21T10:00:00.000Z');

/**
 * The clock of a run. While it is installed, `performance.now` and the timers of this thread are its own, so that production code waits in
 * virtual time; one at a time per thread. Between two steps only microtasks run, so a run is a function of what the world does.
 */
export class VirtualTimers {
  #nowMs = 0;
  #ids = 0;
  readonly #timers = new Map<number, VirtualTimer>();

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Lends the thread's timers to this clock. Returns how to give them back. */
  install(): () => void {
    assert(!isLent, 'one run at a time per thread');
    isLent = true;
    const set =
      (repeats: boolean) =>
      (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]): TimerHandle =>
        this.#add(() => run(...args), ms, repeats);
    const clear = (timer: TimerHandle | undefined): void => void (timer instanceof TimerHandle && this.#timers.delete(timer.id));
    Object.assign(globalThis, { setTimeout: set(false), setInterval: set(true), clearTimeout: clear, clearInterval: clear });
    Object.defineProperty(performance, 'now', { value: () => this.#nowMs, configurable: true, writable: true });
    return () => {
      const { setTimeout, clearTimeout, setInterval, clearInterval } = real;
      Object.assign(globalThis, { setTimeout, clearTimeout, setInterval, clearInterval });
      Reflect.deleteProperty(performance, 'now'); // the prototype's shows again
      isLent = false;
    };
  }

  /** Runs code of a process: timers that it sets, now or after any await, belong to it. */
  within<T>(owner: TimerOwner, run: () => T): T {
    return entranceOf(owner)(run);
  }

  /** Lets time pass, and fires what has become due, in order of time, then of setting. Their promises go on at the next `settle`. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (let next = this.#nextDue(untilMs); next !== undefined; next = this.#nextDue(untilMs)) {
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      if (next.everyMs === undefined) this.#timers.delete(next.id);
      else next.dueMs = this.#nowMs + next.everyMs;
      if (next.owner === undefined) next.run();
      else entranceOf(next.owner)(next.run);
    }
    this.#nowMs = untilMs;
  }

  /** Runs all microtasks that are due, to the last. */
  settle(): Promise<void> {
    return new Promise((resolve) => void real.setImmediate(resolve));
  }

  /** Forgets the timers of the dead. */
  sweep(): void {
    for (const [id, { owner }] of this.#timers) if (owner?.isDead === true) this.#timers.delete(id);
  }

  #add(run: () => void, ms: number, repeats: boolean): TimerHandle {
    const waitMs = Math.max(1, ms);
    const id = ++this.#ids;
    this.#timers.set(id, { id, owner: owners.getStore(), run, everyMs: repeats ? waitMs : undefined, dueMs: this.#nowMs + waitMs });
    return new TimerHandle(id);
  }

  #nextDue(untilMs: number): VirtualTimer | undefined {
    let first: VirtualTimer | undefined;
    for (const timer of this.#timers.values()) {
      if (timer.dueMs > untilMs || timer.owner?.isPaused === true || timer.owner?.isDead === true) continue;
      if (first === undefined || timer.dueMs < first.dueMs) first = timer; // in order of setting, else
    }
    return first;
  }
}
