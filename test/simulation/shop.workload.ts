import { sku, type CustomerId, type OrderId, type OrderLine, type Region, type Sku } from '#contracts';
import type { OrderState } from '../../apps/order-service/src/domain/order.ts';
import { customerOf, orderNumber, type TwoRegions } from './two-regions.world.ts';

export interface PlacedOrder {
  readonly orderId: OrderId;
  readonly customerId: CustomerId;
  readonly home: Region;
  readonly lines: readonly OrderLine[];
  readonly surchargeMinor: number;
}

/** What buyers and operators do, drawn from the world's own random source. */
export class Shop {
  readonly orders: PlacedOrder[] = [];
  readonly skus: readonly Sku[];
  readonly #world: TwoRegions;
  #operations = 0;

  constructor(world: TwoRegions, skus: number) {
    this.#world = world;
    this.skus = Array.from({ length: skus }, (_, i) => sku(`sku ${i}`));
  }

  receive(home: Region, of: Sku, quantity: number): void {
    if (quantity === 0) return;
    this.#world.decideNow(home, {
      type: 'ReceiveStock',
      receiptId: `receipt-${home}-${this.#operations++}`,
      sku: of,
      quantity,
      now: this.#world.now,
    });
  }

  place(
    home: Region,
    lines: readonly { readonly sku: Sku; readonly quantity: number; readonly unitPriceMinor: number }[],
    surchargeMinor = 0,
  ): void {
    const customerId = customerOf(this.#world.topology, home, this.orders.length);
    const order: PlacedOrder = {
      orderId: orderNumber(this.orders.length + 1),
      customerId,
      home,
      lines: lines.map((line, i) => ({ ...line, lineNumber: i + 1, name: line.sku })),
      surchargeMinor,
    };
    this.orders.push(order);
    const surcharges = surchargeMinor === 0 ? [] : [{ code: 'POST', description: 'Carriage', amountMinor: surchargeMinor }];
    this.#world.offerOrder(customerId, {
      type: 'PlaceOrder',
      orderId: order.orderId,
      customerId,
      currency: 'GBP',
      lines: [...order.lines],
      surcharges,
      requestFingerprint: 'f'.repeat(64),
      now: this.#world.now,
    });
  }

  placeAny(): void {
    const { random } = this.#world;
    const lines = Array.from({ length: 1 + random.below(4) }, () => ({
      sku: random.pick(this.skus),
      quantity: 1 + random.below(random.chance(0.1) ? 40 : 4),
      unitPriceMinor: random.chance(0.2) ? 0 : random.below(1000),
    }));
    this.place(random.pick(this.#world.topology.homes), lines, random.chance(0.3) ? random.below(500) : 0);
  }

  stateOf({ orderId, customerId }: PlacedOrder): OrderState {
    return (this.#world.stateOf(this.#world.shardOfOrder('order', customerId, orderId), orderId) ?? { status: 'absent' }) as OrderState;
  }

  /** Cancels, ships or takes back some of a random order; some of it must be refused. */
  changeAny(): void {
    if (this.orders.length === 0) return;
    const { random, now } = this.#world;
    const order = random.pick(this.orders);
    const { orderId, customerId } = order;
    if (random.chance(0.25)) {
      this.#world.offerOrder(customerId, { type: 'CancelOrder', orderId, reason: 'requested-by-customer', now });
      return;
    }
    if (this.stateOf(order).status !== 'confirmed') return;
    const lines = order.lines
      .filter(() => random.chance(0.7))
      .map(({ lineNumber, quantity }) => ({ lineNumber, quantity: 1 + random.below(quantity) }));
    if (lines.length === 0) return;
    const id = `op-${this.#operations++}`;
    const sends = random.chance(0.6);
    if (sends) this.#world.offerOrder(customerId, { type: 'ShipLines', orderId, shipmentId: id, lines, now });
    // Some come back at once: the return may be decided before the shipment has reached stock and payment.
    if (!sends || random.chance(0.4)) this.#world.offerOrder(customerId, { type: 'ReturnLines', orderId, returnId: id, lines, now });
  }

  adjustAny(): void {
    const { random } = this.#world;
    const home = random.pick(this.#world.topology.homes);
    const of = random.pick(this.skus);
    const quantityDelta = random.below(11) - 5;
    this.#world.offer(this.#world.shardOfSku(home, of), {
      type: 'AdjustStock',
      adjustmentId: `adjustment-${this.#operations++}`,
      sku: of,
      quantityDelta,
      reason: 'counted',
      now: this.#world.now,
    });
  }
}
