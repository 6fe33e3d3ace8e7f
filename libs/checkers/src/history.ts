import type { CustomerId, Durability, OrderId, OrderStatus, Region, ShardSeqs, Sku } from '#contracts';

/**
 * What the clients of a run asked and heard, in the manner of Jepsen: per operation when it was asked, and when and how it ended. The
 * checkers judge this and the final reads, and nothing else: no log line, no metric, no state of the world that made it.
 *
 * All times are milliseconds by one clock of the run (monotonic, or virtual), counted from its beginning.
 */
export interface History {
  /** P of the topology: which shard of a home an order belongs to. */
  readonly partitions: number;
  /** In order of invocation. */
  readonly operations: readonly Operation[];
  /** Units that were certainly put into, or (negative) written off, the pools. */
  readonly planted: readonly PlantedStock[];
  /** For reports. No checker looks at them: what is promised holds whatever was broken. */
  readonly faults: readonly Fault[];
  /** When the recording was closed: an operation that is open then will never end. */
  readonly endedMs: number;
}

export interface Operation {
  /** The client session that asked. Names only who it was: nothing is concluded from it. */
  readonly session: string;
  readonly invokedMs: number;
  /** By when the session must have heard something, be it that it gave up. Absolute, not a duration. */
  readonly deadlineMs: number;
  /** The consistency token that it showed, decoded; absent: none. */
  readonly token?: ShardSeqs;
  readonly asked: Asked;
  /** Undefined: it never ended. */
  readonly completion: Completion | undefined;
}

export type Asked = AskedWrite | AskedRead;

export type AskedWrite =
  | {
      readonly kind: 'place';
      readonly key: string;
      readonly customer: CustomerId;
      /** As the client derives it from customer and key. */
      readonly orderId: OrderId;
      readonly lines: readonly SkuUnits[];
    }
  | { readonly kind: 'cancel'; readonly orderId: OrderId; readonly customer: CustomerId }
  /** `operationId`: the idempotency key; units under one id move once. */
  | { readonly kind: 'ship' | 'return'; readonly orderId: OrderId; readonly operationId: string; readonly lines: readonly LineUnits[] };

export type AskedRead =
  | { readonly kind: 'read-order'; readonly orderId: OrderId }
  | { readonly kind: 'list-orders'; readonly customer: CustomerId }
  | { readonly kind: 'read-stock'; readonly sku: Sku };

export interface SkuUnits {
  readonly sku: Sku;
  readonly quantity: number;
}

export interface LineUnits {
  /** From 1. */
  readonly lineNumber: number;
  readonly quantity: number;
}

/**
 * `ok`: it holds. `refused`: it was certainly not done, and says so (4xx, or a 503 that promises that nothing was done). `unknown`:
 * a timeout, a broken connection, a 504, any answer that cannot be understood: it may have been done, may yet be, or never.
 */
export type Completion =
  | { readonly outcome: 'ok'; readonly atMs: number; readonly region: Region; readonly answer: Answer }
  | { readonly outcome: 'refused'; readonly atMs: number; readonly region?: Region; readonly code: string }
  | { readonly outcome: 'unknown'; readonly atMs: number; readonly because: string };

/** What an `ok` said; its kind is the operation's. */
export type Answer = WriteAnswered | ReadAnswered;

/** `token`: that of the answer, decoded: where it was decided. Empty when it is only queued. */
export type WriteAnswered =
  | {
      readonly kind: 'place';
      readonly durability: Durability;
      readonly token: ShardSeqs;
      readonly orderId: OrderId;
      /** Whether this request placed it (201); false: an earlier one with its key had (200). */
      readonly placedNow: boolean;
      /** `pending` unless the request waited for the outcome. */
      readonly status: OrderStatus | 'queued';
    }
  | { readonly kind: 'cancel' | 'ship' | 'return'; readonly durability: Durability; readonly token: ShardSeqs };

/**
 * `token`: that of the answer, decoded. Of an order: its shard, and the seq of the newest commit that changed it; empty when it is
 * absent. Of a list: every shard of the customer's home, and how far the region had read it. Of stock: as of an order, per pool.
 */
export type ReadAnswered =
  | { readonly kind: 'read-order'; readonly token: ShardSeqs; readonly order: OrderSeen | 'absent' }
  | {
      readonly kind: 'list-orders';
      readonly token: ShardSeqs;
      readonly orders: readonly OrderSummarySeen[];
      /** All pages were read, each with the operation's token, and this is the first page's answer token; false: older orders may exist. */
      readonly complete: boolean;
    }
  | { readonly kind: 'read-stock'; readonly token: ShardSeqs; readonly pools: readonly PoolUnits[] };

export interface OrderSummarySeen {
  readonly orderId: OrderId;
  readonly status: OrderStatus;
  readonly unitsShipped: number;
  readonly unitsReturned: number;
}

export interface OrderSeen extends OrderSummarySeen {
  readonly lines: readonly (SkuUnits & LineUnits)[];
}

/** available + reserved + shipped + sent = received + adjusted + arrived, in every state of a pool. */
export interface PoolUnits {
  readonly home: Region;
  readonly available: number;
  readonly reserved: number;
  /** Net of what came back. */
  readonly shipped: number;
  readonly received: number;
  /** Written off (negative) or found, net. */
  readonly adjusted: number;
  /** To and from other pools. */
  readonly sent: number;
  readonly arrived: number;
}

/** A receipt or an adjustment that is known to hold: the run asked for it until it was acknowledged. */
export interface PlantedStock extends SkuUnits {
  readonly home: Region;
}

export interface Fault {
  readonly fromMs: number;
  /** Undefined: never healed. */
  readonly toMs: number | undefined;
  /** `kill`, `cut one way`, … */
  readonly kind: string;
  /** A region, a process, a link. */
  readonly struck: string;
}
