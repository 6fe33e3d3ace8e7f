import type { CustomerId, Durability, OrderId, Region, Sku } from '#contracts';

/**
 * What the clients of a drill did and saw: the only thing that measures and checkers look at, besides what stands in the regions
 * afterwards. All times are milliseconds since the load began, by one monotonic clock.
 */
export const clientKinds = ['sdk', 'plain'] as const;
/** `sdk`: the storefront SDK, which knows every region. `plain`: any HTTP client, which asks DNS on every connection. */
export type ClientKind = (typeof clientKinds)[number];

export interface DrillClient {
  readonly index: number;
  readonly kind: ClientKind;
  readonly customer: CustomerId;
  readonly home: Region;
}

export interface DrillLine {
  readonly sku: Sku;
  readonly quantity: number;
}

/** One order that is due, whether or not earlier ones are answered: the load is open. */
export interface DueOrder {
  readonly number: number;
  readonly client: DrillClient;
  readonly key: string;
  readonly orderId: OrderId;
  readonly lines: readonly DrillLine[];
  readonly dueMs: number;
}

export type AttemptOutcome =
  | { readonly kind: 'answered'; readonly status: number }
  /** No answer within the attempt's time: whether it was done is unknown. */
  | { readonly kind: 'timeout' }
  /** Refused, reset, or no address found. */
  | { readonly kind: 'no-connection'; readonly reason: string };

/** One HTTP request. */
export interface Attempt {
  readonly startMs: number;
  readonly endMs: number;
  /** Host that was asked; empty when none was found. */
  readonly host: string;
  readonly outcome: AttemptOutcome;
}

/** A timeout is a third outcome: neither success nor failure. */
export type OrderOutcome =
  | { readonly kind: 'acknowledged'; readonly durability: Durability }
  /** The API said no, and asking again would not change that. */
  | { readonly kind: 'refused'; readonly status: number; readonly code: string }
  | { readonly kind: 'unknown'; readonly because: string };

export interface RecordedOrder extends DueOrder {
  /** Calls of the client's library, or its user's tries, until the outcome was known: more than one is an error that a user saw. */
  readonly calls: number;
  /** When its outcome was known. Its latency counts from `dueMs`: waiting for a slow client is part of it. */
  readonly endMs: number;
  readonly outcome: OrderOutcome;
  readonly attempts: readonly Attempt[];
}

/** Something that happened beside the load: the fault, what was done about it, a step of the procedures. */
export interface Marker {
  readonly atMs: number;
  readonly kind: 'fault' | 'remedy' | 'step';
  readonly label: string;
}
