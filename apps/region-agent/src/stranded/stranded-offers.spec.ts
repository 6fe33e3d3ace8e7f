import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import {
  commandId,
  customerId,
  inventoryEvents,
  orderEvents,
  orderId,
  region,
  sku,
  type CommandEnvelope,
  type InventoryEvent,
  type Lineage,
  type OrderEvent,
  type Region,
  type Segment,
  type ShardId,
} from '#contracts';
import { encodeLineage, encodeShardRecord, type ShardRecord } from '#shard-log';
import { eventually, eventuallyHolds } from '#test-kit';
import type { RegionEvent } from '../region-events.port.ts';
import { ScriptedCluster } from '../testing/scripted.cluster.ts';
import type { OfferAnswer } from './command-offers.port.ts';
import { StrandedOffers, type StrandedOffersOptions } from './stranded-offers.ts';
import { StrandedSightings } from './stranded-sightings.ts';
import type { StrandedState, StrandedStore } from './stranded.store.ts';
import { entryKey } from './stranded-commit.ts';

const [east, west] = [region('east'), region('west')];
const shard: ShardId = 'order.east.0';
const log = pino({ level: 'silent' });
const now = '2026-11-21T10:00:00.000Z';
const order = orderId('ord_abcdefghijklmnopqrstuvwxyz');

const placed: OrderEvent = {
  type: 'OrderPlaced',
  orderId: order,
  customerId: customerId('ann'),
  currency: 'GBP',
  lines: [{ lineNumber: 1, sku: sku('tea'), name: 'Tea', quantity: 1, unitPriceMinor: 350 }],
  surcharges: [],
  totalMinor: 350,
  placedAt: now,
  requestFingerprint: 'a'.repeat(64),
};
const confirmed: OrderEvent = { type: 'OrderConfirmed', orderId: order, confirmedAt: now };
const cancelled: OrderEvent = { type: 'OrderCancelled', orderId: order, reason: 'requested-by-customer', cancelledAt: now };

const fence = (term: number, base: number, of: ShardId = shard): ShardRecord => ({
  kind: 'fence',
  shard: of,
  term,
  generation: 1,
  writer: `w${term}`,
  base,
});
const commit = (term: number, seq: number, body: string, of: ShardId = shard): ShardRecord => ({
  kind: 'commit',
  shard: of,
  term,
  generation: 1,
  writer: `w${term}`,
  seq,
  cause: commandId(`command-${term}-${seq}`),
  correlation: order,
  traceparent: '',
  streams: [order],
  body,
});
const ordered = (term: number, seq: number, event: OrderEvent) => commit(term, seq, orderEvents.encode([event]));

const segment = (term: number, owner: Region, base: number, mode: Segment['mode'] = 'paired'): Segment => ({
  term,
  owner,
  base,
  mode,
  mirror: owner === east ? west : east,
});
/** West has taken over at `base`. */
const takenOver = (base: number, of: ShardId = shard): Lineage => ({
  term: 2,
  status: { status: 'solo', region: west },
  shards: { [of]: [segment(1, east, 0), segment(2, west, base, 'solo')] },
});

class MemoryStore implements StrandedStore {
  #entries = new Map<string, string>();
  #checkpoint: string | undefined;
  async load(): Promise<StrandedState> {
    const entries = [...this.#entries.values()].map((text) => JSON.parse(text) as StrandedState['entries'][number]);
    return { entries, checkpoint: this.#checkpoint === undefined ? undefined : JSON.parse(this.#checkpoint) };
  }
  async save(entries: StrandedState['entries'], checkpoint: StrandedState['checkpoint']): Promise<void> {
    for (const entry of entries) this.#entries.set(entryKey(entry), JSON.stringify(entry));
    if (checkpoint !== undefined) this.#checkpoint = JSON.stringify(checkpoint);
  }
}

const open: StrandedOffers[] = [];
afterEach(async () => {
  for (const offers of open.splice(0)) await offers.close();
});

/** East's cluster: its own logs, the mirrors of west's, and the lineage as its agent has copied it. */
function eastsCluster(lineage: Lineage, own: readonly ShardRecord[], topic = 'order.events'): ScriptedCluster {
  const cluster = new ScriptedCluster();
  for (const service of ['order', 'inventory', 'payment'])
    for (const origin of ['', 'west.']) cluster.create(`${origin}${service}.events`, 1);
  for (const name of ['receipts', 'west.receipts', 'lineage']) cluster.create(name, 1);
  cluster.put('lineage', 0, [encodeLineage({ revision: 2, lineage })]);
  cluster.put(topic, 0, own.map(encodeShardRecord));
  return cluster;
}

const accepted: OfferAnswer = { kind: 'decided', outcome: 'accepted' };

function offersOver(cluster: ScriptedCluster, lineage: Lineage, options: Partial<StrandedOffersOptions> = {}) {
  const offered: { owner: Region; envelope: CommandEnvelope }[] = [];
  const told: RegionEvent[] = [];
  const answers: OfferAnswer[] = [];
  const offers = new StrandedOffers({
    here: east,
    topology: { regions: [east, west], partitions: 1 },
    cluster: cluster.port(),
    store: new MemoryStore(),
    offers: {
      offer: async (owner, envelope) => {
        offered.push({ owner, envelope });
        return answers.shift() ?? accepted;
      },
    },
    products: { listed: async () => new Map() },
    reseed: { ensure: async () => 0 },
    sightings: new StrandedSightings(),
    events: { record: (event) => void told.push(event) },
    log,
    everyMs: 5,
    ...options,
  });
  open.push(offers);
  offers.learn({ revision: 2, lineage });
  offers.start();
  return { offers, offered, told, answers };
}

const isDone = (offers: StrandedOffers) => eventually(() => offers.status().offered);
const idsOf = (offered: readonly { envelope: CommandEnvelope }[]) => offered.map(({ envelope }) => envelope.commandId);

it('lists what lies past the next base, offers what came from outside under its first id, and says when all is offered', async () => {
  const lineage = takenOver(1);
  const cluster = eastsCluster(lineage, [
    fence(1, 0),
    ordered(1, 1, placed),
    ordered(1, 2, placed),
    ordered(1, 3, confirmed),
    ordered(1, 4, cancelled),
  ]);
  const { offers, offered, told } = offersOver(cluster, lineage);
  await isDone(offers);
  expect(offered.map(({ owner, envelope }) => [owner, envelope.shard, envelope.commandId, envelope.command.type])).toEqual([
    [west, shard, 'command-1-2', 'PlaceOrder'],
    [west, shard, 'command-1-4', 'CancelOrder'],
  ]);
  expect(await offers.list()).toMatchObject([
    { shard, term: 1, seq: 2, events: ['OrderPlaced'], origin: 'outside', offered: 'offered', because: 'west has decided it again' },
    { seq: 3, events: ['OrderConfirmed'], origin: 'derived', offered: 'not-needed' },
    { seq: 4, events: ['OrderCancelled'], origin: 'outside', offered: 'offered' },
  ]);
  expect(told).toMatchObject([{ event: 'stranded-offered', term: 2, details: { stranded: 3, outside: 2, derived: 1 } }]);
});

it('offers nothing while the region is not on its way back', async () => {
  const lineage: Lineage = { ...takenOver(1), status: { status: 'paired' } };
  const { offers, offered } = offersOver(eastsCluster(lineage, [fence(1, 0), ordered(1, 1, placed), ordered(1, 2, placed)]), lineage);
  expect(offers.status()).toMatchObject({ returning: false, offered: true });
  expect(offered).toEqual([]);
});

it('but for what a writer that had not heard of the end of its term has appended since, which is looked for whatever the status', async () => {
  const lineage: Lineage = { ...takenOver(1), status: { status: 'paired' } };
  const sightings = new StrandedSightings();
  const cluster = eastsCluster(lineage, [fence(1, 0), ordered(1, 1, placed), ordered(1, 2, placed)]);
  const { offers, offered, answers } = offersOver(cluster, lineage, { sightings });
  answers.push({ kind: 'again', because: 'no answer', answered: false });
  sightings.noted();
  await eventuallyHolds(() => expect(sightings.unlooked).toBe(0));
  expect(idsOf(offered)).toEqual(['command-1-2', 'command-1-2']);
  expect(await offers.list()).toMatchObject([{ seq: 2, offered: 'offered' }]);
  cluster.put('order.events', 0, [encodeShardRecord(ordered(1, 3, cancelled))]);
  sightings.noted();
  await eventuallyHolds(() => expect(idsOf(offered)).toEqual(['command-1-2', 'command-1-2', 'command-1-3']));
});

it('and for what is remembered as not dealt with: another leader had found it, and died', async () => {
  const store = new MemoryStore();
  const cluster = eastsCluster(takenOver(0), [fence(1, 0), ordered(1, 1, placed)]);
  const before = offersOver(cluster, takenOver(0), {
    store,
    offers: { offer: async () => ({ kind: 'again', because: 'no answer', answered: false }) },
  });
  await eventuallyHolds(async () =>
    expect(await before.offers.list()).toMatchObject([{ seq: 1, offered: 'not-yet', because: 'no answer' }]),
  );
  await before.offers.close();
  const { offers, offered } = offersOver(cluster, { ...takenOver(0), status: { status: 'paired' } }, { store });
  await eventuallyHolds(async () => expect(await offers.list()).toMatchObject([{ seq: 1, offered: 'offered' }]));
  expect(idsOf(offered)).toEqual(['command-1-1']);
});

it('keeps the order of a shard: what must be offered again is not overtaken', async () => {
  const lineage = takenOver(0);
  const cluster = eastsCluster(lineage, [fence(1, 0), ordered(1, 1, placed), ordered(1, 2, cancelled)]);
  const { offers, offered, answers } = offersOver(cluster, lineage);
  answers.push({ kind: 'again', because: 'no answer', answered: false }, { kind: 'again', because: 'unknown', answered: true });
  await isDone(offers);
  expect(idsOf(offered)).toEqual(['command-1-1', 'command-1-1', 'command-1-1', 'command-1-2']);
});

it('an owner that answers neither yes nor no is asked a bounded number of times, and the history says so', async () => {
  const lineage = takenOver(0);
  const cluster = eastsCluster(lineage, [fence(1, 0), ordered(1, 1, placed), ordered(1, 2, cancelled)]);
  const { offers, offered, told, answers } = offersOver(cluster, lineage, { triesMax: 2 });
  for (let i = 0; i < 2; i++) answers.push({ kind: 'again', because: 'internal', answered: true });
  await isDone(offers);
  expect(idsOf(offered)).toEqual(['command-1-1', 'command-1-1', 'command-1-2']);
  expect(told.map(({ event }) => event)).toEqual(['stranded-given-up', 'stranded-offered']);
  expect((await offers.list())[0]).toMatchObject({ offered: 'not-needed', because: 'given up: internal' });
});

it('a refusal is an answer: the command had its chance', async () => {
  const lineage = takenOver(0);
  const { offers, answers } = offersOver(eastsCluster(lineage, [fence(1, 0), ordered(1, 1, cancelled)]), lineage);
  answers.push({ kind: 'decided', outcome: 'refused', refusal: 'order-not-found' });
  await isDone(offers);
  expect((await offers.list())[0]).toMatchObject({ offered: 'offered', because: 'west refuses it by now: order-not-found' });
});

it('after a restart offers nothing again that is remembered, and everything when nothing is', async () => {
  const lineage = takenOver(0);
  const cluster = eastsCluster(lineage, [fence(1, 0), ordered(1, 1, placed)]);
  const store = new MemoryStore();
  const first = offersOver(cluster, lineage, { store });
  await isDone(first.offers);
  await first.offers.close();
  const second = offersOver(cluster, lineage, { store });
  await isDone(second.offers);
  expect(second.offered).toEqual([]);
  expect(await second.offers.list()).toMatchObject([{ seq: 1, offered: 'offered' }]);
  const third = offersOver(cluster, lineage);
  await isDone(third.offers);
  expect(idsOf(third.offered)).toEqual(['command-1-1']);
});

it('what a zombie appends after all was offered is offered too', async () => {
  const lineage = takenOver(0);
  const cluster = eastsCluster(lineage, [fence(1, 0), ordered(1, 1, placed)]);
  const { offers, offered } = offersOver(cluster, lineage);
  await isDone(offers);
  cluster.put('order.events', 0, [encodeShardRecord(ordered(1, 2, cancelled))]);
  await eventuallyHolds(() => expect(idsOf(offered)).toEqual(['command-1-1', 'command-1-2']));
});

it('waits for the mirror where an earlier term of the other region must be read first', async () => {
  const lineage: Lineage = {
    term: 4,
    status: { status: 'rejoining', region: east },
    shards: { [shard]: [segment(1, east, 0), segment(2, west, 0, 'solo'), segment(3, east, 1), segment(4, west, 1, 'solo')] },
  };
  const cluster = eastsCluster(lineage, [fence(1, 0), fence(3, 1), ordered(3, 2, cancelled)]);
  const { offers, offered } = offersOver(cluster, lineage);
  await eventuallyHolds(() => expect(offers.status().because).toContain('waiting for the mirror'));
  expect([offers.status().offered, offered]).toEqual([false, []]);
  cluster.put('west.order.events', 0, [fence(2, 0), ordered(2, 1, placed)].map(encodeShardRecord));
  await isDone(offers);
  expect(idsOf(offered)).toEqual(['command-3-2']);
});

it('a new name of a product is offered with the price that it has now', async () => {
  const stock: ShardId = 'inventory.east.0';
  const lineage = takenOver(0, stock);
  const renamed: InventoryEvent = { type: 'ProductRenamed', sku: sku('tea'), name: 'Green tea', renamedAt: now };
  const cluster = eastsCluster(lineage, [fence(1, 0, stock), commit(1, 1, inventoryEvents.encode([renamed]), stock)], 'inventory.events');
  const products = { listed: async () => new Map([[sku('tea'), { name: 'Tea', unitPriceMinor: 400, currency: 'GBP' }]]) };
  const { offers, offered } = offersOver(cluster, lineage, { products });
  await isDone(offers);
  expect(offered[0]?.envelope.command).toEqual({
    type: 'ListProduct',
    sku: 'tea',
    name: 'Green tea',
    unitPriceMinor: 400,
    currency: 'GBP',
    now,
  });
});

it('reads nothing from logs that are short, and tells why they cannot be refilled', async () => {
  const lineage = takenOver(0);
  let isShort = true;
  const reseed = {
    ensure: async () => {
      if (isShort) throw new Error('the mirror is away');
      return 1;
    },
  };
  const { offers, offered } = offersOver(eastsCluster(lineage, [fence(1, 0), ordered(1, 1, placed)]), lineage, { reseed });
  await eventuallyHolds(() => expect(offers.status()).toMatchObject({ offered: false, because: 'the mirror is away' }));
  expect(offered).toEqual([]);
  isShort = false;
  await isDone(offers);
  expect(idsOf(offered)).toEqual(['command-1-1']);
});

it('a commit whose body cannot be read is listed, and holds nothing up', async () => {
  const lineage = takenOver(0);
  const { offers } = offersOver(eastsCluster(lineage, [fence(1, 0), commit(1, 1, '{')]), lineage);
  await isDone(offers);
  expect((await offers.list())[0]).toMatchObject({ offered: 'not-needed', events: [], because: expect.stringContaining('cannot be read') });
});
