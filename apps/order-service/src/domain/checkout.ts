import { homeOf, orderId, partitionOf, shardId, type Homes, type Region, type ShardId, type Sku, type SkuQuantity } from '#contracts';
import type { ProcessDefinition } from '#process-manager';
import { evolveCheckout, type CheckoutEvent, type GroupLines } from './checkout.evolve.ts';
import { deadlineOf, requiredOf, type CheckoutCommand, type CheckoutLimits } from './checkout.required.ts';
import { initialCheckout, type CheckoutState } from './checkout.state.ts';

export type { CheckoutEvent } from './checkout.evolve.ts';
export type { CheckoutCommand, CheckoutLimits } from './checkout.required.ts';
export type { CheckoutState } from './checkout.state.ts';

export const defaultCheckoutLimits: CheckoutLimits = { expireAfterMs: 5 * 60_000, awaitStockMs: 30_000 };

/** Later than any deadline: `done` asks whether time alone could still require something. */
const endOfTime = '9999-12-31T23:59:59.999Z';

/**
 * Carries an order through stock and payment: reserve in every shard, authorize, confirm; on a rejection, decline or expiry cancel,
 * and what a cancelled order holds is released and voided; shipments are captured, returns restocked and refunded. Keyed by order id.
 * It asks for an order to be cancelled, never decides it: only the order's own settled events count.
 */
export function checkoutProcess(
  topology: Homes,
  limits: CheckoutLimits = defaultCheckoutLimits,
): ProcessDefinition<CheckoutEvent, CheckoutState, CheckoutCommand> {
  const group: GroupLines = (customerId, lines) => groupLines(topology, homeOf(topology, customerId), lines);
  return {
    name: 'checkout',
    keysOf: (event) => ('orderId' in event && event.type !== 'StockTransferReceived' ? [event.orderId] : []),
    initial: (key) => initialCheckout(orderId(key)),
    evolve: (state, event, { shard }) => evolveCheckout(state, event, shard, group),
    required: (state, now) => requiredOf(state, now, topology, limits),
    deadlineOf: (state) => deadlineOf(state, limits),
    done: (state) => requiredOf(state, endOfTime, topology, limits).length === 0,
  };
}

function groupLines({ partitions }: Homes, home: Region, lines: readonly SkuQuantity[]): Record<ShardId, SkuQuantity[]> {
  const sums = new Map<Sku, number>();
  for (const { sku, quantity } of lines) sums.set(sku, (sums.get(sku) ?? 0) + quantity);
  const groups: Record<ShardId, SkuQuantity[]> = {};
  for (const [sku, quantity] of sums) {
    const shard = shardId({ service: 'inventory', home, partition: partitionOf(sku, partitions) });
    (groups[shard] ??= []).push({ sku, quantity });
  }
  return groups;
}
