import type { LoadPlan } from './order-schedule.ts';

/** What the bench tells the generator's process, once. */
export interface LoadTask {
  readonly plan: LoadPlan;
  /** Base URL of the storefront that customers of a home ask. */
  readonly storefronts: Readonly<Record<string, string>>;
  /** What `Prefer: wait` asks for. */
  readonly waitSeconds: number;
  /** An order without a whole answer after it is an error. More than `waitSeconds`. */
  readonly answerWithinMs: number;
  readonly underWayMax: number;
}

export type LoadAnswer =
  /** 200 or 201: the order is settled. `told` is the status in the answer. */
  | { readonly kind: 'settled'; readonly told: 'pending' | 'confirmed' | 'cancelled' | 'queued' }
  /** Anything else, by its HTTP status, or `timeout`, `no-connection`, `not-started`. One request an order: nothing is asked again. */
  | { readonly kind: 'error'; readonly what: string };

/** What one order met. Milliseconds since the load began, by the generator's monotonic clock. */
export interface LoadRecord {
  readonly number: number;
  readonly dueMs: number;
  /** When the request began: later than `dueMs` by the generator's lateness. */
  readonly startMs: number;
  /** The answer's last byte. */
  readonly endMs: number;
  readonly answer: LoadAnswer;
}

export type LoadMessage =
  /** Wall clock of millisecond 0. */
  { readonly kind: 'started'; readonly atEpochMs: number } | { readonly kind: 'finished'; readonly records: readonly LoadRecord[] };
