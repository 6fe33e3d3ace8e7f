import { commandId, region, type Region, type Segment, type ShardId } from '#contracts';
import { assertNever } from '#kernel';
import type { ReadingEvent } from './reading-events.ts';
import type { Close, Commit, Fence, Receipt, ReceiptsRecord, ShardRecord } from './records.ts';
import type { ShardReading } from './shard-reading.ts';

/** Short hands for tests of reading: in the notation of the traces, F fence, c commit, r receipt, t term. */
export const east = region('east');
export const west = region('west');
export const shard: ShardId = 'order.east.0';
export const otherThan = (one: Region): Region => (one === east ? west : east);

export const fence = (term: number, generation: number, base: number, writer = `t${term}g${generation}`): Fence => ({
  kind: 'fence',
  shard,
  term,
  generation,
  writer,
  base,
});

export const commit = (term: number, generation: number, seq: number, writer = `t${term}g${generation}`): Commit => ({
  kind: 'commit',
  shard,
  term,
  generation,
  writer,
  seq,
  cause: commandId(`command-${term}-${generation}-${seq}`),
  correlation: 'order-1',
  traceparent: '',
  streams: ['order-1'],
  body: `{"of":"${writer}","seq":${seq}}`,
});

export const close = (term: number): Close => ({ kind: 'close', shard, term });

export const receipt = (
  term: number,
  generation: number,
  seq: number,
  writer: string | null = generation === 0 ? null : `t${term}g${generation}`,
): Receipt => ({
  shard,
  term,
  generation,
  writer,
  seq,
});

export const receipts = (by: Region, ...list: readonly Receipt[]): ReceiptsRecord => ({ kind: 'receipts', by, receipts: list });
export const cut = (by: Region, term: number): ReceiptsRecord => ({ kind: 'cut', by, term });

export const segment = (term: number, owner: Region, base: number, mode: Segment['mode'] = 'paired'): Segment => ({
  term,
  owner,
  base,
  mode,
  mirror: otherThan(owner),
});

/** Offsets that count per log, as a partition would give them. */
export function feeder(reading: ShardReading) {
  const next = new Map<Region, number>();
  return (log: Region, ...records: readonly ShardRecord[]): readonly ReadingEvent[] =>
    records.flatMap((record) => {
      const offset = next.get(log) ?? 0;
      next.set(log, offset + 1);
      return reading.record({ log, offset }, record);
    });
}

/** What a test compares: `accepted 1`, `settled 1 global`, `stranded 2`, `fence 1 void`, `stopped …`. */
export const inWords = (events: readonly ReadingEvent[]): readonly string[] =>
  events.map((event) => {
    switch (event.type) {
      case 'accepted':
      case 'stranded':
        return `${event.type} ${event.commit.seq}`;
      case 'settled':
        return `settled ${event.commit.seq} ${event.durability}`;
      case 'fence':
        return `fence ${event.fence.generation} ${event.verdict}`;
      case 'void':
        return event.record.kind === 'commit' ? `void ${event.record.seq}` : `void ${event.record.kind}`;
      case 'closed':
        return `closed ${event.term} at ${event.seq}`;
      case 'stopped':
        return `stopped: ${event.reason}`;
      case 'resumed':
        return `resumed after ${event.after}`;
      case 'held':
      case 'released':
        return `${event.type} ${event.log}`;
      default:
        return assertNever(event);
    }
  });

/** Who wrote which settled commit, and what it proves. */
export const settledOf = (events: readonly ReadingEvent[]): readonly string[] =>
  events.flatMap((event) =>
    event.type === 'settled' ? [`${event.commit.term}/${event.commit.writer}/${event.commit.seq}/${event.durability}`] : [],
  );
