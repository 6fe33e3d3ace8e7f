import { describe, expect, it } from 'vitest';
import { accept, deciderSpec, reject, type Decision } from '#kernel';
import { inventoryCommandSchema, inventoryEvents, region, sku, type InventoryCommand, type InventoryEvent } from '#contracts';
import { inventoryDecider } from './inventory.ts';
import { quantityBySku } from './stock-lines.ts';
import {
  adjust,
  arrive,
  arrived,
  awaited,
  line,
  list,
  mug,
  now,
  order,
  receive,
  received,
  rejected,
  release,
  released,
  reserve,
  reserved,
  restock,
  restocked,
  send,
  sent,
  ship,
  shipped,
  stopAwaiting,
  tea,
  transfer,
  west,
} from './inventory.fixtures.ts';

const spec = deciderSpec(inventoryDecider);
const eventsOf = <Event>(decision: Decision<Event, unknown>): readonly Event[] => (decision.outcome === 'accepted' ? decision.events : []);

describe('booking stock', () => {
  it('receives', () => expect(spec.given().when(receive(tea, 5))).toEqual(accept([received(tea, 5)])));

  it('refuses a receipt id that stands for something else', () => {
    expect(spec.given(received(tea, 5)).when(receive(tea, 6))).toEqual(reject({ code: 'receipt-id-reused', receiptId: 'receipt-tea' }));
  });

  it('writes off what is free, not what is reserved', () => {
    const history = [received(tea, 5), reserved(line(tea, 3))];
    expect(spec.given(...history).when(adjust(tea, -2))).toMatchObject({ outcome: 'accepted', events: [{ quantityDelta: -2 }] });
    expect(spec.given(...history).when(adjust(tea, -3))).toEqual(reject({ code: 'stock-not-available', sku: tea, available: 2 }));
  });
});

describe('reserving', () => {
  it('takes all lines or none', () => {
    const history = [received(tea, 5), received(mug, 1)];
    expect(spec.given(...history).when(reserve([], line(tea, 5), line(mug, 1)))).toEqual(accept([reserved(line(tea, 5), line(mug, 1))]));
    expect(spec.given(...history).when(reserve([], line(tea, 5), line(mug, 2)))).toEqual(
      accept([rejected([mug], line(tea, 5), line(mug, 2))]),
    );
  });

  it('adds up lines of one sku', () => {
    expect(spec.given(received(tea, 5)).when(reserve([], line(tea, 3), line(tea, 3)))).toEqual(accept([rejected([tea], line(tea, 6))]));
    expect(spec.given(received(tea, 6)).when(reserve([], line(tea, 3), line(tea, 3)))).toEqual(accept([reserved(line(tea, 6))]));
  });

  it('asks another region for exactly the shortage, and holds nothing meanwhile', () => {
    const history = [received(tea, 5), received(mug, 1)];
    const wanted = [line(tea, 7), line(mug, 1)] as const;
    expect(spec.given(...history).when(reserve([west], ...wanted))).toEqual(accept([awaited([transfer(tea, 2)], ...wanted)]));
    const other = { ...reserve([], line(tea, 5)), orderId: 'ord_zzzzzzzzzzzzzzzzzzzzzzzzzz' } as InventoryCommand;
    expect(spec.given(...history, awaited([transfer(tea, 2)], ...wanted)).when(other)).toMatchObject({
      events: [{ type: 'StockReserved' }],
    });
  });

  it('names transfers of skus with blanks by a valid id', () => {
    const decision = spec.given().when(reserve([west], line(sku('gift card'), 1)));
    expect(decision).toMatchObject({ events: [{ transfers: [{ transferId: `${order}:gift+card:west` }] }] });
    inventoryEvents.encode(eventsOf(decision));
  });

  it('refuses more of one sku than an event can carry', () => {
    expect(spec.given().when(reserve([], line(tea, 600_000), line(tea, 600_000)))).toEqual(
      reject({ code: 'quantity-too-large', sku: tea, quantityMax: 1_000_000 }),
    );
  });

  it('takes twenty thousand lines', () => {
    const skus = Array.from({ length: 20_000 }, (_, i) => sku(`sku-${i}`));
    const history = skus.map((each) => received(each, 1));
    const { first } = spec.given(...history).whenTwice(reserve([], ...skus.map((each) => line(each, 1))));
    expect(first).toMatchObject({ events: [{ type: 'StockReserved' }] });
    // Every pool asks the same event: many lines are added up once.
    const { lines } = reserved(...skus.slice(0, 20).map((each) => line(each, 1))) as Extract<InventoryEvent, { type: 'StockReserved' }>;
    expect(quantityBySku(lines)).toBe(quantityBySku(lines));
  });
});

describe('waiting for transfers', () => {
  const lines = [line(tea, 2), line(mug, 2)];
  const waiting = awaited([transfer(tea, 2), transfer(mug, 2)], ...lines);

  it('decides in the commit of the last answer', () => {
    expect(spec.given(waiting).when(arrive(tea, 2, lines))).toEqual(accept([arrived(tea, 2)]));
    expect(spec.given(waiting, arrived(tea, 2)).when(arrive(mug, 2, lines))).toEqual(accept([arrived(mug, 2), reserved(...lines)]));
  });

  it('decides with the pools as they are then', () => {
    expect(spec.given(waiting, arrived(tea, 2)).when(arrive(mug, 0, lines))).toEqual(accept([arrived(mug, 0), rejected([mug], ...lines)]));
    expect(spec.given(waiting, received(mug, 2), arrived(tea, 2)).when(arrive(mug, 0, lines))).toEqual(
      accept([arrived(mug, 0), reserved(...lines)]),
    );
  });

  it('asks the next region when the first could not give', () => {
    const north = region('north');
    const first: InventoryEvent = {
      type: 'StockAwaited',
      orderId: order,
      lines: [line(tea, 2)],
      transfers: [transfer(tea, 2)],
      nextRegions: [north],
      awaitedAt: now,
    };
    expect(spec.given().when(reserve([west, north], line(tea, 2)))).toEqual(accept([first]));
    expect(spec.given(first).when(arrive(tea, 0, [line(tea, 2)]))).toEqual(
      accept([arrived(tea, 0), awaited([transfer(tea, 2, north)], line(tea, 2))]),
    );
  });

  it('stops waiting with what is there', () => {
    expect(spec.given(waiting).when(stopAwaiting(...lines))).toEqual(accept([rejected([tea, mug], ...lines)]));
    expect(spec.given(waiting, received(tea, 2), received(mug, 2)).when(stopAwaiting(...lines))).toEqual(accept([reserved(...lines)]));
  });

  it.each([
    ['released', released()],
    ['rejected', rejected([tea], ...lines)],
  ])('lets late units join the pool when the reservation is %s', (_, end) => {
    const history = [waiting, end];
    expect(spec.given(...history).when(arrive(tea, 2, lines))).toEqual(accept([arrived(tea, 2)]));
    expect(spec.given(...history, arrived(tea, 2)).when({ ...reserve([], line(tea, 2)), orderId: 'ord_b' } as never)).toMatchObject({
      events: [{ type: 'StockReserved' }],
    });
  });

  it('refuses an answer that does not name all lines, whose pools are not loaded', () => {
    expect(spec.given(waiting, arrived(tea, 2)).when(arrive(mug, 2, [line(mug, 2)]))).toEqual(
      reject({ code: 'line-missing', orderId: order, sku: tea }),
    );
  });
});

describe('sending transfers', () => {
  it.each([
    ['exactly the need when few are left', 21, 2, 2],
    ['half of the rest too when there is plenty', 22, 2, 12],
    ['everything when that is the need', 2, 2, 2],
    ['no more than an event can carry', 1_000_001, 1_000_000, 1_000_000],
  ])('sends %s', (_, onHand, needed, given) => {
    const receipts = [
      received(tea, Math.min(onHand, 1_000_000), 'r1'),
      ...(onHand > 1_000_000 ? [received(tea, onHand - 1_000_000, 'r2')] : []),
    ];
    expect(spec.given(...receipts).when(send(tea, needed))).toEqual(accept([sent(tea, given)]));
  });

  it('refuses the whole when it has too little', () => {
    expect(spec.given(received(tea, 1)).when(send(tea, 2))).toMatchObject({ events: [{ type: 'StockTransferRefused' }] });
  });
});

describe('releasing, shipping, restocking', () => {
  const held = [received(tea, 5), reserved(line(tea, 3))];

  it('gives back what is held', () => {
    expect(spec.given(...held).when(release(line(tea, 3)))).toEqual(accept([released(line(tea, 3))]));
    expect(spec.given(...held, shipped('s1', line(tea, 1))).when(release(line(tea, 3)))).toEqual(accept([released(line(tea, 2))]));
  });

  it('leaves a tombstone: a late reservation holds nothing', () => {
    expect(spec.given(received(tea, 5)).when(release(line(tea, 3)))).toEqual(accept([released()]));
    expect(spec.given(received(tea, 5), released()).when(reserve([], line(tea, 3)))).toEqual(accept([]));
  });

  it('ships what is held, takes back what was shipped', () => {
    expect(spec.given(...held).when(ship('s1', line(tea, 1), line(tea, 1)))).toEqual(accept([shipped('s1', line(tea, 2))]));
    expect(spec.given(...held).when(ship('s1', line(tea, 4)))).toEqual(
      reject({ code: 'more-than-reserved', orderId: order, sku: tea, quantityMax: 3 }),
    );
    const gone = [...held, shipped('s1', line(tea, 2))];
    expect(spec.given(...gone).when(restock('r1', line(tea, 2)))).toEqual(accept([restocked('r1', line(tea, 2))]));
    expect(spec.given(...gone, restocked('r1', line(tea, 1))).when(restock('r2', line(tea, 2)))).toEqual(
      reject({ code: 'more-than-shipped', orderId: order, sku: tea, quantityMax: 1 }),
    );
  });

  it('ships nothing that is not reserved', () => {
    expect(spec.given(received(tea, 5)).when(ship('s1', line(tea, 1)))).toEqual(reject({ code: 'nothing-reserved', orderId: order }));
    expect(spec.given(...held, released(line(tea, 3))).when(ship('s1', line(tea, 1)))).toEqual(
      reject({ code: 'nothing-reserved', orderId: order }),
    );
  });
});

describe('products', () => {
  const listed: InventoryEvent = { type: 'ProductListed', sku: tea, name: 'Tea', unitPriceMinor: 250, currency: 'GBP', listedAt: now };

  it('tells only what changed', () => {
    expect(spec.given().when(list('Tea', 250))).toEqual(accept([listed]));
    expect(spec.given(listed).when(list('Green tea', 250))).toEqual(
      accept([{ type: 'ProductRenamed', sku: tea, name: 'Green tea', renamedAt: now }]),
    );
    expect(spec.given(listed).when(list('Green tea', 300))).toMatchObject({
      events: [{ type: 'ProductRenamed' }, { type: 'ProductRepriced' }],
    });
  });

  const later = '2026-11-21T10:00:00.001Z';
  it.each([
    ['later', [list('Tea', 250), list('Tea', 300, later)]],
    ['later, another name and price', [list('Tea', 250), list('Green tea', 300, later)]],
    ['later, the same again', [list('Tea', 250), list('Green tea', 250), list('Tea', 300, later), list('Tea', 300, later)]],
    ['within the same instant', [list('Tea', 250), list('Green tea', 300)]],
    ['within the same instant, twice', [list('Tea', 250), list('Tea', 300), list('Green tea', 300)]],
  ])('a command that comes again does not undo what was listed %s', (_, commands) => {
    const history: InventoryEvent[] = [];
    for (const command of commands) history.push(...eventsOf(spec.given(...history).when(command)));
    expect(history.length).toBeGreaterThan(1);
    for (const command of commands) {
      const again = spec.given(...history).when(command);
      expect(again).toEqual(again.outcome === 'accepted' ? accept([]) : reject({ code: 'listed-later', sku: tea }));
    }
  });

  it('does not say that an older command was done when a newer one stands; what stands already it does', () => {
    const repriced: InventoryEvent = { type: 'ProductRepriced', sku: tea, unitPriceMinor: 300, currency: 'GBP', repricedAt: later };
    expect(spec.given(listed, repriced).when(list('Tea', 250))).toEqual(reject({ code: 'listed-later', sku: tea }));
    expect(spec.given(listed, repriced).when(list('Tea', 300))).toEqual(accept([]));
  });

  it('sets a price back when it is asked to, later', () => {
    const repriced: InventoryEvent = { type: 'ProductRepriced', sku: tea, unitPriceMinor: 300, currency: 'GBP', repricedAt: now };
    expect(spec.given(listed, repriced).when(list('Tea', 250, later))).toEqual(
      accept([{ type: 'ProductRepriced', sku: tea, unitPriceMinor: 250, currency: 'GBP', repricedAt: later }]),
    );
  });

  it('reads an instant without a fraction as what it is', () => {
    expect(spec.given(listed).when(list('Tea', 300, '2026-11-21T10:00:00Z'))).toMatchObject({ events: [{ type: 'ProductRepriced' }] });
    expect(spec.given(listed).when(list('Tea', 300, '2026-11-21T09:59:59Z'))).toEqual(reject({ code: 'listed-later', sku: tea }));
  });

  it('keeps the newest instant when a log from before this rule goes back in time', () => {
    const back: InventoryEvent = {
      type: 'ProductRepriced',
      sku: tea,
      unitPriceMinor: 300,
      currency: 'GBP',
      repricedAt: '2026-11-21T09:00:00.000Z',
    };
    expect(spec.given(listed, back).when(list('Tea', 250))).toEqual(accept([]));
    expect(spec.given(listed, back).when(list('Tea', 250, later))).toMatchObject({ events: [{ type: 'ProductRepriced' }] });
  });
});

describe('every command twice', () => {
  const lines = [line(tea, 2)];
  const waiting = awaited([transfer(tea, 2)], ...lines);
  const held = [received(tea, 5), reserved(line(tea, 3))];
  const changing: readonly [string, readonly InventoryEvent[], InventoryCommand][] = [
    ['receive', [], receive(tea, 5)],
    ['adjust', [received(tea, 5)], adjust(tea, -5)],
    ['reserve', [received(tea, 5)], reserve([], line(tea, 5))],
    ['reserve, short', [], reserve([west], line(tea, 5))],
    ['reserve, rejected', [], reserve([], line(tea, 5))],
    ['release', held, release(line(tea, 3))],
    ['release before reserve', [], release(line(tea, 3))],
    ['release while waiting', [waiting], release(...lines)],
    ['stop waiting', [waiting], stopAwaiting(...lines)],
    ['ship', held, ship('s1', line(tea, 3))],
    ['restock', [...held, shipped('s1', line(tea, 3))], restock('r1', line(tea, 3))],
    ['send', [received(tea, 5)], send(tea, 5)],
    ['send, refused', [], send(tea, 5)],
    ['receive transfer', [waiting], arrive(tea, 2, lines)],
    ['receive nothing', [waiting], arrive(tea, 0, lines)],
    ['list', [], list('Tea', 250)],
  ];

  it.each(changing)('%s: the second changes nothing', (_, history, command) => {
    inventoryCommandSchema.parse(command);
    const { first, second } = spec.given(...history).whenTwice(command);
    const events = eventsOf(first);
    expect(events.length).toBeGreaterThan(0);
    expect(inventoryEvents.decode(inventoryEvents.encode(events))).toEqual(events);
    const loaded = new Set(inventoryDecider.streamsOf(command));
    expect(events.flatMap(inventoryDecider.streamsChangedBy).filter((stream) => !loaded.has(stream))).toEqual([]);
    expect(second).toEqual(accept([]));
  });

  it.each(changing.filter(([, , { type }]) => type === 'ShipStock' || type === 'ReleaseStock'))(
    '%s: still known after the reservation has ended',
    (_, history, command) => {
      const events = eventsOf(spec.given(...history).when(command));
      expect(spec.given(...history, ...events, released()).when(command)).toEqual(accept([]));
    },
  );
});
