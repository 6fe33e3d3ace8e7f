import { parseShardId, services, shardOf, type OrderId, type Region, type ShardId, type Sku } from '#contracts';
import type {
  FinalOrder,
  FinalPayment,
  FinalPool,
  FinalReads,
  FinalReservation,
  LedgerAccount,
  RegionReads,
  SettledCommit,
} from '#checkers';
import { openSettledFeed, type Commit } from '#shard-log';
import type { Pool, Reservation } from '../../../apps/inventory-service/src/domain/inventory.ts';
import { entryKey, isDue, strandedEntryOf } from '../../../apps/region-agent/src/stranded/stranded-commit.ts';
import type { PaymentState } from '../../../apps/payment-service/src/domain/payment.ts';
import { WorldProcess } from './process.ts';
import type { World } from './world.ts';

/** What stands at the end, in every region that lives, and in the provider's books: read whole, for the checkers. */
export async function finalReadsOf(world: World): Promise<FinalReads> {
  const regions: RegionReads[] = [];
  for (const region of world.living) regions.push(await regionReads(world, region));
  const ledger = [...world.provider.accounts].map(([orderId, account]): LedgerAccount => ({ orderId: orderId as OrderId, ...account }));
  return { living: world.living, regions, ledger: { kind: 'read', value: ledger } };
}

async function regionReads(world: World, region: Region): Promise<RegionReads> {
  const { settled, stranded } = await lateReading(world, region);
  await strandedIsOffered(world, region, stranded);
  const { postgres } = world.part(region);
  const read = <T>(value: T): { readonly kind: 'read'; readonly value: T } => ({ kind: 'read', value });
  const orders = [...postgres.orders.rows.values()].sort((a, b) => (a.orderId < b.orderId ? -1 : 1));
  return {
    region,
    orders: read(orders.map(({ shard: _shard, seq: _seq, ...order }): FinalOrder => order)),
    pools: read(streams(world, region, 'pool:').map(([shard, sku, state]) => poolOf(shard, sku as Sku, state as Pool))),
    reservations: read(
      streams(world, region, 'reservation:').map(([shard, order, state]) => reservationOf(shard, order as OrderId, state as Reservation)),
    ),
    payments: read(streams(world, region, 'payment:').flatMap(([, order, state]) => paymentOf(order as OrderId, state as PaymentState))),
    settled: read([...settled].map(([shard, commits]) => ({ reader: 'late', shard, after: 0, commits }))),
    checksums: read(new Map([['processes', JSON.stringify([...postgres.processes.states()].sort(([a], [b]) => (a < b ? -1 : 1)))]])),
  };
}

/** All streams of a kind, by shard and name. */
function streams(world: World, region: Region, prefix: string): readonly (readonly [ShardId, string, unknown])[] {
  const { postgres } = world.part(region);
  return postgres.shards
    .toSorted()
    .flatMap((shard) =>
      [...postgres.streamsOf(shard)]
        .filter(([stream]) => stream.startsWith(prefix))
        .map(([stream, { state }]) => [shard, stream.slice(prefix.length), state] as const),
    );
}

function poolOf(shard: ShardId, sku: Sku, { kind: _kind, ...units }: Pool): FinalPool {
  return { sku, home: shardOf(shard).home, ...units };
}

function reservationOf(shard: ShardId, orderId: OrderId, state: Reservation): FinalReservation {
  const status = state.status === 'absent' ? 'released' : state.status;
  return { orderId, shard, home: parseShardId(shard)!.home, status, held: state.status === 'reserved' ? state.held : [] };
}

function paymentOf(orderId: OrderId, state: PaymentState): readonly FinalPayment[] {
  if (state.status === 'absent') return [];
  const moved = state.status === 'authorized' ? [...state.captures, ...state.refunds] : [];
  const sum = (movements: readonly { readonly amountMinor: number; readonly outcome: string }[]): number =>
    movements.reduce((total, { amountMinor, outcome }) => total + (outcome === 'done' ? amountMinor : 0), 0);
  return [
    {
      orderId,
      status: state.status,
      authorizedMinor: 'authorizationId' in state ? state.terms.amountMinor : 0,
      capturedMinor: state.status === 'authorized' ? sum(state.captures) : 0,
      refundedMinor: state.status === 'authorized' ? sum(state.refunds) : 0,
      outstanding: moved.filter(({ outcome }) => outcome === 'outstanding').length,
      refused: moved.filter(({ outcome }) => outcome === 'refused').length,
    },
  ];
}

/** A reader that begins at offset 0, with nothing but the logs of its region. */
async function lateReading(
  world: World,
  here: Region,
): Promise<{ readonly settled: ReadonlyMap<ShardId, SettledCommit[]>; readonly stranded: readonly Commit[] }> {
  const parts = world.part(here);
  const owner = new WorldProcess(`${here}.late`, here);
  const client = world.newClient(owner, parts);
  const settled = new Map<ShardId, SettledCommit[]>();
  const stranded: Commit[] = [];
  await openSettledFeed({
    name: owner.name,
    here,
    topology: { regions: world.regions, partitions: world.topology.partitions },
    services,
    cluster: client,
    from: undefined,
    onBatch: async ({ commits }) => {
      for (const { commit, durability } of commits) {
        const { shard, seq, term, generation, writer, cause, body } = commit;
        world.shown.note(owner.name, { commit, durability });
        const known = settled.get(shard) ?? [];
        known.push({ seq, writer: `${term}/${generation}/${writer}`, cause, events: body });
        settled.set(shard, known);
      }
    },
    onUnreadable: (_record, reason) => world.violate('every record can be read', reason),
    onShardStopped: (shard, reason) => world.violate('a late reader finds no loss', `${here}: ${shard}: ${reason}`),
    onStopped: (error) => world.violate('a late reader reads to the end', error.message),
    observer: {
      onEvents: (_shard, events) => {
        for (const event of events) if (event.type === 'stranded' && event.position.log === here) stranded.push(event.commit);
      },
    },
  });
  for (let rounds = 0; client.isBehind && rounds < 10_000; rounds++) {
    client.deliver(1, 5_000);
    await world.timers.settle();
  }
  owner.die(world.timers.nowMs);
  return { settled, stranded };
}

/** What came from outside and was stranded in this region's log has been offered to its owner: nothing that a client asked for is dropped silently. */
async function strandedIsOffered(world: World, region: Region, stranded: readonly Commit[]): Promise<void> {
  const { entries } = await world.strandedStoreOf(region).load();
  const known = new Map(entries.map((entry) => [entryKey(entry), entry]));
  for (const commit of stranded) {
    const found = strandedEntryOf(commit);
    if (found.commit.origin !== 'outside') continue;
    const entry = known.get(entryKey(found));
    const what = `${commit.shard} ${commit.term}/${commit.seq} (${commit.cause}) in ${region}`;
    if (entry === undefined) world.violate('what is stranded is offered again', `${what} was never found`);
    else if (isDue(entry)) world.violate('what is stranded is offered again', `${what}: ${entry.commit.because}`);
  }
}
