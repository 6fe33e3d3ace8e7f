import { assert } from '#kernel';
import type { Reservation } from '../../apps/inventory-service/src/domain/inventory.ts';
import type { LineProgress } from '../../apps/order-service/src/domain/order.ts';
import type { PaymentState } from '../../apps/payment-service/src/domain/payment.ts';
import type { PlacedOrder, Shop } from './shop.workload.ts';
import type { TwoRegions } from './two-regions.world.ts';

/** What must be true of a system that has come to rest. Throws with the name of the order or sku of which it is not. */
export function checkShop(world: TwoRegions, shop: Shop): void {
  for (const order of shop.orders) checkOrder(world, shop, order);
  for (const sku of shop.skus) {
    const pools = world.pools(sku);
    const inTransit = pools.reduce((sum, { sent, arrived }) => sum + sent - arrived, 0);
    assert(inTransit === 0, `${inTransit} units of ${sku} never arrived`);
    const held = shop.orders.reduce((sum, order) => sum + unitsOf(shop, order, sku).held, 0);
    const out = shop.orders.reduce((sum, order) => sum + unitsOf(shop, order, sku).out, 0);
    const reserved = pools.reduce((sum, pool) => sum + pool.reserved, 0);
    const shipped = pools.reduce((sum, pool) => sum + pool.shipped, 0);
    assert(reserved === held, `${reserved} units of ${sku} are reserved, confirmed orders hold ${held}`);
    assert(shipped === out, `${shipped} units of ${sku} are shipped, orders say ${out}`);
  }
  const [one, other] = world.readers.map((reader) => canonical(reader.states()));
  assert(one === other, 'both regions hold the same processes');
}

function checkOrder(world: TwoRegions, shop: Shop, order: PlacedOrder): void {
  const { orderId, customerId } = order;
  const state = shop.stateOf(order);
  assert(state.status === 'confirmed' || state.status === 'cancelled', `${orderId} ends ${state.status}`);
  const payment = (world.stateOf(world.shardOfOrder('payment', customerId, orderId), `payment:${orderId}`) ?? {
    status: 'absent',
  }) as PaymentState;
  const account = world.provider.accounts.get(orderId);
  if (state.status === 'cancelled') {
    assert(['absent', 'declined', 'voided'].includes(payment.status), `${orderId} is cancelled, its payment ${payment.status}`);
    assert(account === undefined || account.voided, `${orderId} is cancelled, and the provider still holds its money`);
    for (const line of order.lines) {
      const reservation = world.stateOf(world.shardOfSku(order.home, line.sku), `reservation:${orderId}`) as Reservation;
      assert(['released', 'rejected'].includes(reservation.status), `${orderId} is cancelled, its reservation ${reservation.status}`);
    }
    return;
  }
  const worth = (quantityOf: (line: LineProgress) => number) =>
    state.lines.reduce((sum, line) => sum + quantityOf(line) * line.unitPriceMinor, 0);
  const captured = worth(({ shipped }) => shipped) + (state.shipments.length === 0 ? 0 : order.surchargeMinor);
  const refunded = worth(({ returned }) => returned);
  assert((account?.capturedMinor ?? 0) === captured, `${orderId}: captured ${account?.capturedMinor}, shipped ${captured}`);
  assert((account?.refundedMinor ?? 0) === refunded, `${orderId}: refunded ${account?.refundedMinor}, returned ${refunded}`);
  assert(account?.voided !== true, `${orderId} is confirmed, its payment voided`);
}

function unitsOf(shop: Shop, order: PlacedOrder, sku: string): { held: number; out: number } {
  const state = shop.stateOf(order);
  if (state.status !== 'confirmed') return { held: 0, out: 0 };
  const lines = state.lines.filter((line) => line.sku === sku);
  return {
    held: lines.reduce((sum, { ordered, shipped }) => sum + ordered - shipped, 0),
    out: lines.reduce((sum, { shipped, returned }) => sum + shipped - returned, 0),
  };
}

/** JSON with sorted keys. */
export const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
