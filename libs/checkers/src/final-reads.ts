import type { CancelReason, CustomerId, OrderId, OrderStatus, PaymentStatus, Region, ShardId, Sku } from '#contracts';
import type { LineUnits, PoolUnits, SkuUnits } from './history.ts';

/** What stands when nothing moves any more: in every region that lives, and at the payment provider. */
export interface FinalReads {
  /** Every region that must be readable now. One of them without reads is a violation, not an excuse. */
  readonly living: readonly Region[];
  readonly regions: readonly RegionReads[];
  /** The provider's own books, by order. They know what no region may know of. */
  readonly ledger: Reading<readonly LedgerAccount[]>;
}

/** Something that was read whole, or could not be: then why. Never an empty list in its place. */
export type Reading<T> = { readonly kind: 'read'; readonly value: T } | { readonly kind: 'unreadable'; readonly because: string };

/** One region's own tables and logs, each read whole: also what no client has asked for. */
export interface RegionReads {
  readonly region: Region;
  readonly orders: Reading<readonly FinalOrder[]>;
  /** Of all skus that the run used, a row for each pool that exists. */
  readonly pools: Reading<readonly FinalPool[]>;
  readonly reservations: Reading<readonly FinalReservation[]>;
  readonly payments: Reading<readonly FinalPayment[]>;
  /** The settled history as readers in this region were told it: at least one reader of every shard from its first commit. */
  readonly settled: Reading<readonly SettledHistory[]>;
  /** By name of the projection; equal texts mean equal tables. */
  readonly checksums: Reading<ReadonlyMap<string, string>>;
  /** Through the public API, as a customer sees it; absent where the system under test has none. */
  readonly shown?: ShownByApi;
}

export interface ShownByApi {
  /** Every order that some client asked to be placed, by its id. `absent` is a clear answer. */
  readonly orders: ReadonlyMap<OrderId, Reading<ShownOrder | 'absent'>>;
  readonly pools: ReadonlyMap<Sku, Reading<readonly FinalPool[]>>;
}

export interface FinalOrder {
  readonly orderId: OrderId;
  readonly customer: CustomerId;
  readonly status: OrderStatus;
  readonly cancelReason: CancelReason | null;
  /** In order of their numbers. */
  readonly lines: readonly FinalLine[];
  readonly totalMinor: number;
  /** What the shipments were worth, surcharges included, and what the returns give back. */
  readonly shippedMinor: number;
  readonly returnedMinor: number;
}

/** What an API shows of it. `text`: all of the answer but its token, in one order of fields; two regions' are equal or one is wrong. */
export interface ShownOrder {
  readonly lines: readonly SkuUnits[];
  readonly status: OrderStatus;
  readonly text: string;
}

export interface FinalLine extends SkuUnits, LineUnits {
  readonly shipped: number;
  readonly returned: number;
}

export interface FinalPool extends PoolUnits {
  readonly sku: Sku;
}

/** The part of an order's reservation that falls into one shard. */
export interface FinalReservation {
  readonly orderId: OrderId;
  readonly shard: ShardId;
  readonly home: Region;
  readonly status: 'awaiting' | 'reserved' | 'rejected' | 'released';
  /** What it holds now; empty unless `reserved`. */
  readonly held: readonly SkuUnits[];
}

export interface FinalPayment {
  readonly orderId: OrderId;
  readonly status: PaymentStatus;
  /** 0 unless authorized. */
  readonly authorizedMinor: number;
  readonly capturedMinor: number;
  readonly refundedMinor: number;
  /** Captures and refunds that the provider was asked for: not answered yet, and refused. */
  readonly outstanding: number;
  readonly refused: number;
}

/** What one reader was told of one shard, in order. */
export interface SettledHistory {
  /** `late` for one that read everything at the end; what was watched during the run has other names. */
  readonly reader: string;
  readonly shard: ShardId;
  /** The reader began after this seq: 0 for one that read from the start. */
  readonly after: number;
  readonly commits: readonly SettledCommit[];
}

export interface SettledCommit {
  readonly seq: number;
  /** Term, generation and writer, in one text: `3/2/writer`. */
  readonly writer: string;
  /** Id of the command that was decided. */
  readonly cause: string;
  /** The events, or a digest of them: equal if and only if the events are. */
  readonly events: string;
}

export interface LedgerAccount {
  readonly orderId: OrderId;
  /** Each approved authorization under a key of its own, and over what. Two are one too many. */
  readonly authorizations: number;
  readonly authorizedMinor: number;
  readonly voided: boolean;
  readonly charges: number;
  readonly capturedMinor: number;
  readonly refundedMinor: number;
}
