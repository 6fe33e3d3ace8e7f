import {
  customerId,
  derivedCommandId,
  homeOf,
  instantOf,
  inventoryEvents,
  orderEvents,
  orderId,
  partitionOf,
  paymentEvents,
  shardId,
  sku as skuOf,
  type CustomerId,
  type InventoryCommand,
  type OrderCommand,
  type OrderId,
  type PaymentCommand,
  type Region,
  type Service,
  type ShardId,
  type Sku,
} from '#contracts';
import type { LogCluster } from '#shard-log';
import { seededRandom } from '#test-kit';
import { inventoryDecider } from '../../../apps/inventory-service/src/domain/inventory.ts';
import { orderDecider } from '../../../apps/order-service/src/domain/order.ts';
import { paymentDecider } from '../../../apps/payment-service/src/domain/payment.ts';
import { Deciding } from './deciding.ts';
import { HistoryLog, type HistoryTopology } from './history-log.ts';

export interface ShopHistoryOptions {
  readonly cluster: LogCluster;
  readonly here: Region;
  readonly topology: HistoryTopology;
  /** Events to write, give or take the last orders. */
  readonly events: number;
  readonly seed: number;
}

interface Line {
  readonly lineNumber: number;
  readonly sku: Sku;
  readonly name: string;
  readonly quantity: number;
  readonly unitPriceMinor: number;
}

interface OpenOrder {
  readonly orderId: OrderId;
  readonly customer: CustomerId;
  readonly home: Region;
  readonly lines: readonly Line[];
}

const skus = 600;
const customersPerHome = 1_000;
const unitsPerPool = 1_000_000;
/** So many later orders are placed before one is shipped. */
const shippedAfterOrders = 3_000;
const declinesOneOf = 50;
const shippedShare = 0.7;
const orderEveryMs = 20;
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

const orderNumber = (n: number): OrderId =>
  orderId(`ord_${Array.from({ length: 26 }, (_, i) => alphabet[Math.floor(n / 32 ** (i % 8)) % 32]).join('')}`);

/**
 * The log of a shop that took so many events to write: orders placed, stock reserved, cards charged or declined, goods shipped much later.
 * The services' own deciders and codecs make the events, so every one is one that the product would write. Each region is lost once and
 * comes back, so every shard has been written by both: seven terms.
 */
export async function writeShopHistory(options: ShopHistoryOptions): Promise<{ readonly events: number; readonly orders: number }> {
  const log = new HistoryLog(options.cluster, options.here, options.topology);
  await log.open();
  const shop = new ShopHistory(options, log);
  const [first, second] = options.topology.regions;
  const eras: readonly [after: number, happens: () => void][] = [
    [0.3, () => shop.loseRegion(second)],
    [0.45, () => log.giveBack(second)],
    [0.6, () => shop.loseRegion(first)],
    [0.75, () => log.giveBack(first)],
  ];
  await shop.openStore();
  for (const [after, happens] of [...eras, [1, () => shop.shipAll()] as const]) {
    while (shop.events < options.events * after) {
      shop.placeNext();
      await log.flush();
    }
    happens();
  }
  await log.finish();
  return { events: shop.events, orders: shop.orders };
}

class ShopHistory {
  events = 0;
  orders = 0;
  readonly #topology: HistoryTopology;
  readonly #log: HistoryLog;
  readonly #random;
  readonly #deciding = {
    order: new Deciding(orderDecider, orderEvents),
    inventory: new Deciding(inventoryDecider, inventoryEvents),
    payment: new Deciding(paymentDecider, paymentEvents),
  };
  readonly #customers: ReadonlyMap<Region, readonly CustomerId[]>;
  readonly #toShip: OpenOrder[] = [];
  #shipped = 0;
  #nowMs = Date.parse('2026-01-01T00:00:00.000Z');

  constructor({ topology, seed }: ShopHistoryOptions, log: HistoryLog) {
    this.#topology = topology;
    this.#log = log;
    this.#random = seededRandom(seed);
    this.#customers = new Map(topology.homes.map((home) => [home, this.#customersOf(home)]));
  }

  async openStore(): Promise<void> {
    const now = this.#now();
    for (let i = 0; i < skus; i++) {
      const sku = skuOf(`sku ${i}`);
      const product = { type: 'ListProduct', sku, name: `Goods ${i}`, unitPriceMinor: 100 + i, currency: 'GBP', now } as const;
      this.#write('inventory', this.#shardOf('inventory', this.#topology.catalogue, sku), product, sku);
      for (const home of this.#topology.homes) {
        const receipt = { type: 'ReceiveStock', receiptId: `first-${home}-${i}`, sku, quantity: unitsPerPool, now } as const;
        this.#write('inventory', this.#shardOf('inventory', home, sku), receipt, sku);
      }
      await this.#log.flush();
    }
  }

  placeNext(): void {
    const order = this.#newOrder();
    this.#place(order);
    this.#reserve(order);
    const { orderId: id, customer, home, lines } = order;
    const [now, payments] = [this.#now(), this.#shardOf('payment', home, id)];
    const amountMinor = lines.reduce((sum, { quantity, unitPriceMinor }) => sum + quantity * unitPriceMinor, 0);
    this.#write(
      'payment',
      payments,
      { type: 'AuthorizePayment', orderId: id, customerId: customer, amountMinor, currency: 'GBP', now },
      id,
    );
    if (this.orders % declinesOneOf === 0) return this.#decline(order);
    this.#write('payment', payments, { type: 'RecordAuthorized', orderId: id, authorizationId: `auth-${this.orders}`, now }, id);
    this.#write('order', this.#shardOf('order', home, id), { type: 'ConfirmOrder', orderId: id, now }, id);
    this.#toShip.push(order);
    if (this.#toShip.length - this.#shipped > shippedAfterOrders) this.#shipNext();
  }

  /** The region dies with commits of its own that nobody has heard of. */
  loseRegion(region: Region): void {
    for (let stranded = 0; stranded < 3; stranded++) {
      const order = this.#newOrder();
      const shard = this.#shardOf('order', order.home, order.orderId);
      if (this.#log.ownerOf(shard) !== region) continue;
      const { body, streams } = this.#deciding.order.decide(this.#placing(order), shard, false);
      this.#log.strand(shard, { body, streams, cause: derivedCommandId(order.orderId, 'place'), correlation: order.orderId });
    }
    this.#log.lose(region);
  }

  shipAll(): void {
    while (this.#shipped < this.#toShip.length) this.#shipNext();
  }

  #newOrder(): OpenOrder {
    const { homes } = this.#topology;
    const home = homes[this.orders % homes.length]!;
    const count = 1 + this.#random.below(4);
    const picked = new Set(Array.from({ length: count }, () => this.#random.below(skus)));
    const lines = [...picked].map((n, i) => ({
      lineNumber: i + 1,
      sku: skuOf(`sku ${n}`),
      name: `Goods ${n}`,
      quantity: 1 + this.#random.below(3),
      unitPriceMinor: 100 + n,
    }));
    this.orders += 1;
    this.#nowMs += orderEveryMs;
    const customers = this.#customers.get(home)!;
    return { orderId: orderNumber(this.orders), customer: customers[this.#random.below(customers.length)]!, home, lines };
  }

  #placing({ orderId: id, customer, lines }: OpenOrder): Extract<OrderCommand, { type: 'PlaceOrder' }> {
    const requestFingerprint = id
      .slice(4)
      .padEnd(64, '0')
      .replaceAll(/[^0-9a-f]/g, 'a');
    return {
      type: 'PlaceOrder',
      orderId: id,
      customerId: customer,
      currency: 'GBP',
      lines: [...lines],
      surcharges: [],
      requestFingerprint,
      now: this.#now(),
    };
  }

  #place(order: OpenOrder): void {
    this.#write('order', this.#shardOf('order', order.home, order.orderId), this.#placing(order), order.orderId);
  }

  #reserve({ orderId: id, home, lines }: OpenOrder): void {
    const askRegions = this.#topology.homes.filter((other) => other !== home);
    for (const [shard, own] of this.#linesByShard(home, lines))
      this.#write('inventory', shard, { type: 'ReserveStock', orderId: id, lines: own, askRegions, now: this.#now() }, id);
  }

  #decline({ orderId: id, home, lines }: OpenOrder): void {
    const now = this.#now();
    this.#write('payment', this.#shardOf('payment', home, id), { type: 'RecordDeclined', orderId: id, reason: 'no funds', now }, id);
    this.#write('order', this.#shardOf('order', home, id), { type: 'CancelOrder', orderId: id, reason: 'payment-declined', now }, id);
    for (const [shard, own] of this.#linesByShard(home, lines))
      this.#write('inventory', shard, { type: 'ReleaseStock', orderId: id, lines: own, now }, id);
    this.#forget(id, home, lines);
  }

  #shipNext(): void {
    const order = this.#toShip[this.#shipped]!;
    this.#toShip[this.#shipped++] = undefined as never; // done with: its memory is given back
    const { orderId: id, home, lines } = order;
    if (this.#random.below(1_000) < shippedShare * 1_000) {
      const now = this.#now();
      const shipmentId = `ship-${id}`;
      const shipped = lines.map(({ lineNumber, quantity }) => ({ lineNumber, quantity }));
      this.#write('order', this.#shardOf('order', home, id), { type: 'ShipLines', orderId: id, shipmentId, lines: shipped, now }, id);
      for (const [shard, own] of this.#linesByShard(home, lines))
        this.#write('inventory', shard, { type: 'ShipStock', orderId: id, shipmentId, lines: own, now }, id);
      const amountMinor = lines.reduce((sum, { quantity, unitPriceMinor }) => sum + quantity * unitPriceMinor, 0);
      const payments = this.#shardOf('payment', home, id);
      this.#write(
        'payment',
        payments,
        { type: 'CapturePayment', orderId: id, captureId: shipmentId, amountMinor, currency: 'GBP', now },
        id,
      );
      this.#write('payment', payments, { type: 'RecordCaptured', orderId: id, captureId: shipmentId, now }, id);
    }
    this.#forget(id, home, lines);
  }

  #forget(id: OrderId, home: Region, lines: readonly Line[]): void {
    this.#deciding.order.forget(this.#shardOf('order', home, id), id);
    this.#deciding.payment.forget(this.#shardOf('payment', home, id), `payment:${id}`);
    for (const [shard] of this.#linesByShard(home, lines)) this.#deciding.inventory.forget(shard, `reservation:${id}`);
  }

  #linesByShard(home: Region, lines: readonly Line[]): ReadonlyMap<ShardId, { readonly sku: Sku; readonly quantity: number }[]> {
    const wanted = lines.map(({ sku, quantity }) => ({ sku, quantity }));
    return Map.groupBy(wanted, ({ sku }) => this.#shardOf('inventory', home, sku));
  }

  #write(service: 'order', shard: ShardId, command: OrderCommand, key: string): void;
  #write(service: 'inventory', shard: ShardId, command: InventoryCommand, key: string): void;
  #write(service: 'payment', shard: ShardId, command: PaymentCommand, key: string): void;
  #write(service: Service, shard: ShardId, command: OrderCommand | InventoryCommand | PaymentCommand, key: string): void {
    const { body, streams, events } = this.#deciding[service].decide(command as never, shard);
    this.events += events;
    this.#log.commit(shard, { body, streams, cause: derivedCommandId(key, command.type), correlation: key });
  }

  #shardOf(service: Service, home: Region, key: string): ShardId {
    return shardId({ service, home, partition: partitionOf(key, this.#topology.partitions) });
  }

  #customersOf(home: Region): readonly CustomerId[] {
    const found: CustomerId[] = [];
    for (let i = 0; found.length < customersPerHome; i++) {
      const id = customerId(`customer-${i}`);
      if (homeOf(this.#topology, id) === home) found.push(id);
    }
    return found;
  }

  #now(): string {
    return instantOf(this.#nowMs);
  }
}
