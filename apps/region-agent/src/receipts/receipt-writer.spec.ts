import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { commandId, firstLineage, region, type ShardId } from '#contracts';
import { decodeReceipts, type ShardRecord } from '#shard-log';
import { silentTopology } from '#test-kit';
import { ScriptedCluster } from '../testing/scripted.cluster.ts';
import { ReceiptLedger } from './receipt-ledger.ts';
import { ReceiptWriter } from './receipt-writer.ts';

const [east, west] = [region('east'), region('west')];
const shard: ShardId = 'order.east.0';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const lineage = firstLineage({ ...silentTopology({ regions: [east, west], partitions: 1 }), regions: [east, west] });

/** West's writer, over a ledger that reads east's log. */
async function writerInWest() {
  const cluster = new ScriptedCluster();
  cluster.create('receipts', 1);
  const ledger = new ReceiptLedger(west);
  ledger.learn(lineage);
  const log = pino({ level: 'silent' });
  const writer = new ReceiptWriter({
    here: west,
    cluster: cluster.port(),
    ledger,
    log,
    nowMs: () => Date.now(),
    onWritten: () => undefined,
  });
  let seq = 0;
  const at = { shard, term: 1, generation: 1, writer: 'w' };
  const read = (record: ShardRecord): void => ledger.record({ log: east, offset: seq }, record);
  read({ kind: 'fence', base: 0, ...at });
  const moves = (): void => {
    const envelope = { cause: commandId('c'), correlation: 'o', traceparent: '', streams: ['o'], body: '{}' };
    read({ kind: 'commit', ...at, ...envelope, seq: (seq += 1) });
    writer.kick();
  };
  writer.kick();
  await vi.advanceTimersByTimeAsync(1_000); // what was due at the start is said, and it is quiet
  const said = () =>
    cluster.records('receipts').map((record) => {
      const decoded = decodeReceipts(record);
      if (!decoded.readable) throw new Error(decoded.reason);
      return decoded.value.kind === 'cut' ? 'cut' : decoded.value.receipts.find((receipt) => receipt.shard === shard)?.seq;
    });
  const readBack = (): void => {
    for (const record of cluster.records('receipts')) {
      const decoded = decodeReceipts(record);
      if (decoded.readable) ledger.receipts(west, decoded.value);
    }
  };
  return { writer, cluster, moves, said, ledger, readBack };
}

it('what moves after a quiet time is said at once, and what moves right after it with all that moves within the gap', async () => {
  const { moves, said, cluster, writer } = await writerInWest();
  const before = cluster.appends;
  moves();
  await vi.advanceTimersByTimeAsync(0);
  expect(said().at(-1)).toBe(1);
  for (let ms = 0; ms < 9; ms += 1) {
    moves();
    await vi.advanceTimersByTimeAsync(1);
  }
  expect([said().at(-1), cluster.appends]).toEqual([1, before + 1]);
  await vi.advanceTimersByTimeAsync(1);
  expect([said().at(-1), cluster.appends]).toEqual([10, before + 2]);
  await writer.close();
});

it('under load there is one append in each gap, and the last move is said', async () => {
  const { moves, said, cluster, writer } = await writerInWest();
  const before = cluster.appends;
  for (let ms = 0; ms < 200; ms += 1) {
    moves();
    await vi.advanceTimersByTimeAsync(1);
  }
  await vi.advanceTimersByTimeAsync(10);
  expect(cluster.appends - before).toBe(21);
  expect(said().at(-1)).toBe(200);
  await writer.close();
});

it('a cut does not wait for the gap, and the last receipts stand before it', async () => {
  const { moves, said, writer } = await writerInWest();
  moves();
  await vi.advanceTimersByTimeAsync(0);
  moves();
  const cut = writer.cut(2);
  await vi.advanceTimersByTimeAsync(0);
  await cut;
  expect(said().slice(-3)).toEqual([1, 2, 'cut']);
  await writer.close();
});

it('a writer that is closed within the gap says no more', async () => {
  const { moves, said, writer } = await writerInWest();
  moves();
  await vi.advanceTimersByTimeAsync(0);
  moves();
  await writer.close();
  await vi.advanceTimersByTimeAsync(100);
  expect(said().at(-1)).toBe(1);
});

it('what is written behind the own cut settles nothing here: the shard goes on from the base that the takeover gives it', async () => {
  const { moves, said, writer, ledger, readBack } = await writerInWest();
  moves();
  await vi.advanceTimersByTimeAsync(20);
  const cut = writer.cut(2);
  await vi.advanceTimersByTimeAsync(20);
  await cut;
  moves(); // the old owner's last word comes before the cut is read back
  await vi.advanceTimersByTimeAsync(20);
  expect(said().slice(-2)).toEqual(['cut', 2]);
  readBack();
  const takenOver = [...lineage.shards[shard]!, { term: 2, owner: west, base: 1, mode: 'solo', mirror: east } as const];
  ledger.learn({ term: 2, status: { status: 'solo', region: west }, shards: { ...lineage.shards, [shard]: takenOver } });
  expect(ledger.stopped()).toEqual(new Map());
  expect(ledger.logOf(shard)).toEqual({ acceptedSeq: 1, closedAt: undefined });
  await writer.close();
});
