import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { accept, assert } from '#kernel';
import { orderId, type InventoryCommand, type InventoryEvent, type Region } from '#contracts';
import { east, mug, now, tea, west } from './inventory.fixtures.ts';
import { inventoryDecider, transferIdOf, type InventoryState } from './inventory.ts';

/** One region's shard of both skus: decides, folds, and repeats every command. */
class Shard {
  readonly states = new Map<string, InventoryState>();
  readonly events: InventoryEvent[] = [];

  decide(command: InventoryCommand): void {
    const first = inventoryDecider.decide(command, this.#stateOf);
    if (first.outcome === 'accepted')
      for (const event of first.events) {
        this.events.push(event);
        for (const id of inventoryDecider.streamsChangedBy(event))
          this.states.set(id, inventoryDecider.evolve(id, this.#stateOf(id), event));
      }
    const second = inventoryDecider.decide(command, this.#stateOf);
    assert(
      JSON.stringify(second) === JSON.stringify(first.outcome === 'accepted' ? accept([]) : first),
      `a repeated ${command.type} changes nothing`,
    );
  }

  #stateOf = (id: string): InventoryState => this.states.get(id) ?? inventoryDecider.initialState(id);

  pools() {
    return [...this.states.values()].filter((state) => state.kind === 'pool');
  }
}

const order = fc.constantFrom(...['ord_a', 'ord_b', 'ord_c', 'ord_d', 'ord_e'].map(orderId));
const sku = fc.constantFrom(tea, mug);
const quantity = fc.integer({ min: 1, max: 6 });
const operation = fc.constantFrom('1', '2', '3', '4');
const lines = fc.array(fc.record({ sku, quantity: fc.integer({ min: 1, max: 3 }) }), { minLength: 1, maxLength: 3 });
/** All skus, so that every pool is loaded. */
const allLines = [
  { sku: tea, quantity: 1 },
  { sku: mug, quantity: 1 },
];

const few = fc.record({ sku, quantity: fc.integer({ min: 1, max: 2 }) }).map((line) => [line]);

const anyCommand = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('ReceiveStock' as const),
      receiptId: fc.stringMatching(/^[0-9]{3}$/),
      sku,
      quantity: fc.integer({ min: 1, max: 30 }),
      now: fc.constant(now),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('AdjustStock' as const),
      adjustmentId: operation,
      sku,
      quantityDelta: fc.integer({ min: -6, max: 6 }),
      reason: fc.constant(''),
      now: fc.constant(now),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('ReserveStock' as const),
      orderId: order,
      lines,
      askRegions: fc.constant<Region[]>([]),
      now: fc.constant(now),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('ReleaseStock' as const),
      orderId: order,
      lines: fc.constant(allLines),
      now: fc.constant(now),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('StopAwaitingStock' as const),
      orderId: order,
      lines: fc.constant(allLines),
      now: fc.constant(now),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('ShipStock' as const),
      orderId: order,
      shipmentId: operation,
      lines: few,
      now: fc.constant(now),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('RestockStock' as const),
      orderId: order,
      returnId: operation,
      lines: few,
      now: fc.constant(now),
    }),
  },
);

/** A command to one of the regions; or a step of a transfer: asking, or bringing what the other side has answered. */
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('command' as const), toEast: fc.boolean(), command: anyCommand, ask: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('transfer' as const), toEast: fc.boolean(), order, sku, quantity }) },
);

it('in every prefix: pools ≥ 0, and available + reserved + in transit + shipped = received + adjusted', () => {
  const reached = { reserved: 0, awaited: 0, arrived: 0, shipped: 0, restocked: 0, released: 0 };
  fc.assert(
    fc.property(fc.array(step, { minLength: 40, maxLength: 80 }), (steps) => {
      const shards = { east: new Shard(), west: new Shard() };
      for (const each of steps) {
        const [asker, sender, from, to] = each.toEast ? [shards.east, shards.west, west, east] : [shards.west, shards.east, east, west];
        if (each.kind === 'command')
          asker.decide(each.command.type === 'ReserveStock' && each.ask ? { ...each.command, askRegions: [from] } : each.command);
        else moveTransfer(asker, sender, { ...each, from, to });
        expectConservation([shards.east, shards.west]);
      }
      for (const { type } of [...shards.east.events, ...shards.west.events]) {
        if (type === 'StockReserved') reached.reserved++;
        if (type === 'StockAwaited') reached.awaited++;
        if (type === 'StockTransferReceived') reached.arrived++;
        if (type === 'StockShipped') reached.shipped++;
        if (type === 'StockRestocked') reached.restocked++;
        if (type === 'StockReleased') reached.released++;
      }
    }),
    { numRuns: 400, seed: 20261121 },
  );
  // The walks are worth something only if they went everywhere.
  expect(Object.entries(reached).filter(([, count]) => count <= 5)).toEqual([]);
});

interface Move {
  readonly order: ReturnType<typeof orderId>;
  readonly sku: typeof tea;
  readonly quantity: number;
  readonly from: Region;
  readonly to: Region;
}

/** Asks when nothing is answered yet (also when nobody waits: a stray command), else brings the answer (again and again). */
function moveTransfer(asker: Shard, sender: Shard, { order: of, sku: what, quantity: need, from, to }: Move): void {
  const transferId = transferIdOf(of, what, from);
  const answer = sender.events.find(
    (event) => (event.type === 'StockTransferSent' || event.type === 'StockTransferRefused') && event.transferId === transferId,
  );
  if (answer === undefined) return sender.decide({ type: 'SendTransfer', transferId, sku: what, quantity: need, to, now });
  const sent = answer.type === 'StockTransferSent' ? answer.quantity : 0;
  asker.decide({ type: 'ReceiveTransfer', transferId, orderId: of, sku: what, quantity: sent, from, lines: allLines, now });
}

function expectConservation(shards: readonly Shard[]): void {
  const pools = shards.flatMap((shard) => shard.pools());
  const sum = (numberOf: (pool: (typeof pools)[number]) => number) => pools.reduce((total, pool) => total + numberOf(pool), 0);
  for (const { available, reserved, shipped } of pools) expect(Math.min(available, reserved, shipped)).toBeGreaterThanOrEqual(0);
  const inTransit = sum(({ sent, arrived }) => sent - arrived);
  expect(inTransit).toBeGreaterThanOrEqual(0);
  expect(sum(({ available, reserved, shipped }) => available + reserved + shipped) + inTransit).toBe(
    sum(({ received, adjusted }) => received + adjusted),
  );
}
