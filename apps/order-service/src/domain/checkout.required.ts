import { assertNever } from '#kernel';
import {
  derivedCommandId,
  epochMsOf,
  homeOf,
  instantAfter,
  partitionOf,
  shardId,
  shardOf,
  type Homes,
  type InventoryCommand,
  type OrderCommand,
  type OrderId,
  type PaymentCommand,
  type Region,
  type ShardId,
  type SkuQuantity,
} from '#contracts';
import type { RequiredCommand } from '#process-manager';
import { shardsIn, type CheckoutState, type KnownOrder, type Movement, type PaymentPart } from './checkout.state.ts';

export type CheckoutCommand = OrderCommand | InventoryCommand | PaymentCommand;
type Needs = readonly RequiredCommand<CheckoutCommand>[];

export interface CheckoutLimits {
  /** A pending order older than this asks to be cancelled. */
  readonly expireAfterMs: number;
  /** A reservation that has waited for transfers longer than this decides with what is there. */
  readonly awaitStockMs: number;
}

interface Context {
  readonly topology: Homes;
  readonly limits: CheckoutLimits;
  readonly orderId: OrderId;
  readonly home: Region;
  readonly now: string;
}

type PendingOrder = Extract<KnownOrder, { status: 'pending' }>;

/** Everything that the order still needs, by its status: DESIGN's "life of an order", steps 3 to 6. */
export function requiredOf(state: CheckoutState, now: string, topology: Homes, limits: CheckoutLimits): Needs {
  const { order, orderId } = state;
  if (order.status === 'unknown') return []; // facts about it came first; the order's own shard will tell
  const context = { topology, limits, orderId, home: homeOf(topology, order.customerId), now };
  switch (order.status) {
    case 'pending':
      return pending(context, state, order);
    case 'confirmed':
      return carriedOut(context, state, order);
    case 'cancelled':
      return compensated(context, state, order);
    default:
      return assertNever(order);
  }
}

/** The first instant at which time alone requires something. */
export function deadlineOf({ order, stock }: CheckoutState, limits: CheckoutLimits): string | undefined {
  if (order.status !== 'pending') return undefined;
  const waits = shardsIn(stock).flatMap((shard) => {
    const part = stock[shard];
    return part?.status === 'awaited' ? [instantAfter(part.awaitedAt, limits.awaitStockMs)] : [];
  });
  return [instantAfter(order.placedAt, limits.expireAfterMs), ...waits].sort((a, b) => epochMsOf(a) - epochMsOf(b))[0];
}

function pending(context: Context, state: CheckoutState, order: PendingOrder): Needs {
  const shards = shardsIn(order.lines);
  if (shards.some((shard) => state.stock[shard]?.status === 'rejected')) return [cancel(context, 'out-of-stock')];
  if (state.payment.status === 'declined') return [cancel(context, 'payment-declined')];
  const reserved = shards.every((shard) => state.stock[shard]?.status === 'reserved');
  // An order that has all it needs is confirmed, however old: its buyer was promised nothing less.
  if (reserved && (order.totalMinor === 0 || state.payment.status === 'authorized')) return [confirm(context)];
  if (isPast(context.now, order.placedAt, context.limits.expireAfterMs)) return [cancel(context, 'expired')];
  if (reserved) return state.payment.status === 'none' ? [authorize(context, order)] : [];
  return shards.flatMap((shard) => {
    const part = state.stock[shard];
    const lines = order.lines[shard] ?? [];
    if (part === undefined) return [reserve(context, shard, lines)];
    if (part.status !== 'awaited' || !isPast(context.now, part.awaitedAt, context.limits.awaitStockMs)) return [];
    return [stock(context, shard, lines, 'stop-awaiting', { type: 'StopAwaitingStock', ...about(context), lines: [...lines] })];
  });
}

function compensated(context: Context, { payment }: CheckoutState, order: KnownOrder): Needs {
  const releases = shardsIn(order.lines).map((shard) => {
    const lines = order.lines[shard] ?? [];
    return stock(context, shard, lines, 'release', { type: 'ReleaseStock', ...about(context), lines: [...lines] });
  });
  const asked = payment.status === 'requested' || payment.status === 'authorized';
  if (!asked || payment.voidRequested) return releases;
  return [...releases, pay(context, ['void'], { type: 'VoidPayment', ...about(context) })];
}

function carriedOut(context: Context, state: CheckoutState, order: KnownOrder): Needs {
  const shipments = state.shipments.flatMap((shipment) => shipped(context, shipment, order));
  // A shard takes back only what it has shipped before.
  const shipping = new Set(state.shipments.flatMap(({ asked }) => (asked === undefined ? [] : shardsIn(asked.lines))));
  const restocks = state.returns.flatMap(({ id, asked }) =>
    shardsIn(asked?.lines ?? {}).flatMap((shard) => {
      const lines = asked?.lines[shard] ?? [];
      if (shipping.has(shard)) return [];
      return [stock(context, shard, lines, `restock:${id}`, { type: 'RestockStock', ...about(context), returnId: id, lines: [...lines] })];
    }),
  );
  return [...shipments, ...restocks, ...refunds(context, state.returns, state.payment, order)];
}

function shipped(context: Context, { id, asked, moneyRequested }: Movement, order: KnownOrder): Needs {
  if (asked === undefined) return [];
  const goods = shardsIn(asked.lines).map((shard) => {
    const lines = asked.lines[shard] ?? [];
    return stock(context, shard, lines, `ship:${id}`, { type: 'ShipStock', ...about(context), shipmentId: id, lines: [...lines] });
  });
  if (moneyRequested || asked.amountMinor === 0) return goods;
  const { amountMinor } = asked;
  const { currency } = order;
  return [...goods, pay(context, ['capture', id], { type: 'CapturePayment', ...about(context), captureId: id, amountMinor, currency })];
}

/** Refunds in order of id, as far as what is certainly captured and not yet refunded reaches: more would be refused. */
function refunds(context: Context, returns: readonly Movement[], payment: PaymentPart, { currency }: KnownOrder): Needs {
  let refundableMinor = payment.capturedMinor - payment.refundedMinor;
  const needed: RequiredCommand<CheckoutCommand>[] = [];
  for (const { id, asked, moneyRequested } of returns) {
    if (asked === undefined || moneyRequested || asked.amountMinor === 0 || asked.amountMinor > refundableMinor) continue;
    refundableMinor -= asked.amountMinor;
    const { amountMinor } = asked;
    needed.push(pay(context, ['refund', id], { type: 'RefundPayment', ...about(context), refundId: id, amountMinor, currency }));
  }
  return needed;
}

const isPast = (now: string, since: string, ms: number): boolean => epochMsOf(now) - epochMsOf(since) >= ms;
const about = ({ orderId, now }: Context) => ({ orderId, now });

const confirm = (context: Context) => own(context, ['confirm'], { type: 'ConfirmOrder', ...about(context) });
const cancel = (context: Context, reason: 'out-of-stock' | 'payment-declined' | 'expired') =>
  own(context, ['cancel', reason], { type: 'CancelOrder', ...about(context), reason });

const authorize = (context: Context, { customerId, totalMinor, currency }: PendingOrder) =>
  pay(context, ['authorize'], { type: 'AuthorizePayment', ...about(context), customerId, amountMinor: totalMinor, currency });

function reserve(context: Context, shard: ShardId, lines: readonly SkuQuantity[]): RequiredCommand<CheckoutCommand> {
  const askRegions = otherHomes(context.topology, shardOf(shard).home);
  return stock(context, shard, lines, 'reserve', { type: 'ReserveStock', ...about(context), lines: [...lines], askRegions });
}

/** The other pools' regions, beginning after `home`, so that with many regions not all ask the same one first. */
function otherHomes({ homes }: Homes, home: Region): Region[] {
  const at = homes.indexOf(home);
  return [...homes.slice(at + 1), ...homes.slice(0, Math.max(at, 0))];
}

const own = (context: Context, what: readonly string[], command: OrderCommand) => inShardOfOrder(context, 'order', what, command);
const pay = (context: Context, what: readonly string[], command: PaymentCommand) => inShardOfOrder(context, 'payment', what, command);

function inShardOfOrder(
  { topology, home, orderId }: Context,
  service: 'order' | 'payment',
  what: readonly string[],
  command: CheckoutCommand,
): RequiredCommand<CheckoutCommand> {
  const shard = shardId({ service, home, partition: partitionOf(orderId, topology.partitions) });
  return { commandId: derivedCommandId(orderId, ...what), shard, key: orderId, correlation: orderId, command };
}

function stock(
  { orderId }: Context,
  shard: ShardId,
  lines: readonly SkuQuantity[],
  what: string,
  command: InventoryCommand,
): RequiredCommand<CheckoutCommand> {
  // All skus of the lines fall into one partition: any of them is a key of it.
  return { commandId: derivedCommandId(orderId, what, shard), shard, key: lines[0]?.sku ?? orderId, correlation: orderId, command };
}
