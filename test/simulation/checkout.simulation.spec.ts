import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { AnyEvent, OrderCommand, ShardId } from '#contracts';
import { checkoutProcess } from '../../apps/order-service/src/domain/checkout.ts';
import { canonical, checkShop } from './shop.invariants.ts';
import { Shop } from './shop.workload.ts';
import { TwoRegions, type Faults } from './two-regions.world.ts';

/** Walks take seconds, more on a machine that is busy. */
vi.setConfig({ testTimeout: 60_000 });

const calm: Faults = { loses: 0, repeats: 0.2, declines: 0, takeovers: 0, stepMsMax: 0 };
const rough: Faults = { loses: 0.1, repeats: 0.3, declines: 0.2, takeovers: 0.01, stepMsMax: 500 };
const runs = (numRuns: number) => ({ numRuns, seed: 20261121, endOnFailure: true });

/** Only what clients and operators ask may be refused: a process that is refused would ask for ever. */
const mayBeRefused = new Set<string>([
  ...(['PlaceOrder', 'CancelOrder', 'ShipLines', 'ReturnLines'] satisfies OrderCommand['type'][]),
  'AdjustStock',
]);

function roughDay(seed: number, orders: number): { world: TwoRegions; shop: Shop } {
  const world = new TwoRegions(seed, rough);
  const shop = new Shop(world, 6);
  for (const home of world.topology.homes) for (const sku of shop.skus) shop.receive(home, sku, world.random.below(30));
  for (const part of ['morning', 'afternoon', 'evening']) {
    for (let i = 0; i < orders * 40; i++) {
      if (part !== 'evening' && shop.orders.length < orders && world.random.chance(0.03)) shop.placeAny();
      if (world.random.chance(0.03)) shop.changeAny();
      if (world.random.chance(0.005)) shop.adjustAny();
      world.step();
    }
    // A day has pauses in which everything comes to rest, so that much is shipped and returned afterwards.
    world.settle();
  }
  return { world, shop };
}

describe('whatever is lost, repeated, overtaken or taken over', () => {
  it('every order ends, nothing is held for a cancelled one, and captured equals shipped', () => {
    const ends = { confirmed: 0, cancelled: 0, transfers: 0, voids: 0, refunds: 0, expired: 0, tombstones: 0 };
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const { world, shop } = roughDay(seed, 20);
        checkShop(world, shop);
        expect(world.refusals.filter((refusal) => !mayBeRefused.has(refusal.split(':')[0] ?? ''))).toEqual([]);
        for (const order of shop.orders) ends[shop.stateOf(order).status === 'confirmed' ? 'confirmed' : 'cancelled']++;
        for (const { event } of world.events()) {
          if (event.type === 'StockTransferSent') ends.transfers++;
          if (event.type === 'PaymentVoided') ends.voids++;
          if (event.type === 'PaymentRefunded') ends.refunds++;
          if (event.type === 'OrderCancelled' && event.reason === 'expired') ends.expired++;
          if (event.type === 'StockReleased' && event.lines.length === 0) ends.tombstones++;
        }
      }),
      runs(30),
    );
    // The walks are worth something only if they went everywhere.
    expect(Object.entries(ends).filter(([, count]) => count <= 5)).toEqual([]);
  });
});

describe('32 buyers of 10 units, in both regions at once', () => {
  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])('%i of them in the east: exactly 10 are sold', (inEast) => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const world = new TwoRegions(seed, calm);
        const shop = new Shop(world, 1);
        const [sku] = shop.skus;
        const [east, west] = world.topology.homes;
        shop.receive(east!, sku!, inEast);
        shop.receive(west!, sku!, 10 - inEast);
        for (let i = 0; i < 32; i++) shop.place(world.random.pick(world.topology.homes), [{ sku: sku!, quantity: 1, unitPriceMinor: 500 }]);
        for (let i = 0; i < 1500; i++) world.step();
        world.settle();
        checkShop(world, shop);
        expect(shop.orders.filter((order) => shop.stateOf(order).status === 'confirmed')).toHaveLength(10);
        expect(world.pools(sku!).reduce((sum, { available }) => sum + available, 0)).toBe(0);
      }),
      runs(5),
    );
  });
});

describe('10 buyers of 10 units that all lie in the other region', () => {
  it('get one each: a reservation is rejected only when no unit is on its way', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const world = new TwoRegions(seed, calm);
        const shop = new Shop(world, 1);
        const [sku] = shop.skus;
        const [east, west] = world.topology.homes;
        shop.receive(west!, sku!, 10);
        for (let i = 0; i < 10; i++) shop.place(east!, [{ sku: sku!, quantity: 1, unitPriceMinor: 500 }]);
        for (let i = 0; i < 800; i++) world.step();
        world.settle();
        checkShop(world, shop);
        expect(shop.orders.filter((order) => shop.stateOf(order).status === 'confirmed')).toHaveLength(10);
      }),
      runs(5),
    );
  });
});

describe('a process that reads the shards in another order', () => {
  it('ends in the same state, and needs the same', () => {
    const { world } = roughDay(7, 40);
    const checkout = checkoutProcess(world.topology, world.limits);
    const byOrder = Map.groupBy(
      world.events().flatMap(({ shard, event }) => checkout.keysOf(event).map((key) => ({ key, shard, event }))),
      ({ key }) => key,
    );
    fc.assert(
      fc.property(fc.constantFrom(...byOrder.keys()), fc.infiniteStream(fc.nat()), (key, choices) => {
        const story = byOrder.get(key) ?? [];
        const straight = story.reduce((state, { shard, event }) => checkout.evolve(state, event, { shard }), checkout.initial(key));
        const woven = weave(story, choices).reduce(
          (state, { shard, event }) => checkout.evolve(state, event, { shard }),
          checkout.initial(key),
        );
        expect(canonical(woven)).toBe(canonical(straight));
        expect(checkout.required(woven, world.now)).toEqual(checkout.required(straight, world.now));
      }),
      runs(500),
    );
  });

  it('and so does one that stops anywhere and takes it up from JSON', () => {
    const { world } = roughDay(11, 20);
    const checkout = checkoutProcess(world.topology, world.limits);
    for (const { shard, event } of world.events())
      for (const key of checkout.keysOf(event)) {
        const state = checkout.evolve(checkout.initial(key), event, { shard });
        expect(canonical(JSON.parse(JSON.stringify(state)))).toBe(canonical(state));
      }
  });
});

describe('the checker', () => {
  it('finds an order that is forgotten', () => {
    const { world, shop } = roughDay(3, 5);
    shop.orders.push({ ...shop.orders[0]!, orderId: 'ord_forgotten' as never });
    expect(() => checkShop(world, shop)).toThrow('ord_forgotten ends absent');
  });

  it('finds a unit that is held for nobody', () => {
    const { world, shop } = roughDay(3, 5);
    const shard = world.shardOfSku(world.topology.homes[0]!, shop.skus[0]!);
    shop.receive(world.topology.homes[0]!, shop.skus[0]!, 1);
    const command = {
      type: 'ReserveStock',
      orderId: 'ord_aaaaaaaaaaaaaaaaaaaaaaaaaa',
      lines: [{ sku: shop.skus[0]!, quantity: 1 }],
      askRegions: [],
      now: world.now,
    };
    world.shards.get(shard)?.decide(command as never);
    expect(() => checkShop(world, shop)).toThrow(/units of sku 0 are reserved/);
  });
});

/** Another order of the same events: each shard's own order is kept. */
function weave(story: readonly { shard: ShardId; event: AnyEvent }[], choices: fc.Stream<number>): { shard: ShardId; event: AnyEvent }[] {
  const queues = [...Map.groupBy(story, ({ shard }) => shard).values()].map((queue) => [...queue]);
  const woven: { shard: ShardId; event: AnyEvent }[] = [];
  while (woven.length < story.length) {
    const open = queues.filter((queue) => queue.length > 0);
    woven.push(open[(choices.next().value as number) % open.length]!.shift()!);
  }
  return woven;
}
