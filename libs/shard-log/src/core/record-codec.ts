import { assert } from '#kernel';
import { type CommandId, lineageRecordSchema, type LineageRecord, parseShardId, regionSchema, type ShardId } from '#contracts';
import { z } from 'zod';
import type { NewRecord, StoredRecord } from '../cluster.port.ts';
import type { Close, Commit, Fence, ReceiptsRecord, ShardRecord } from './records.ts';

/**
 * How records stand in Kafka: what the cursor needs in headers, so that it never parses a body; a commit's body as it is in the value.
 * Reading never throws: what cannot be read is a value that says why.
 */
export type Decoded<T> = { readonly readable: true; readonly value: T } | { readonly readable: false; readonly reason: string };

const readable = <T>(value: T): Decoded<T> => ({ readable: true, value });
const unreadable = (reason: string): Decoded<never> => ({ readable: false, reason });

const header = {
  kind: 'evenkeel-kind',
  shard: 'evenkeel-shard',
  term: 'evenkeel-term',
  generation: 'evenkeel-generation',
  writer: 'evenkeel-writer',
  base: 'evenkeel-base',
  seq: 'evenkeel-seq',
  cause: 'evenkeel-cause',
  correlation: 'evenkeel-correlation',
  traceparent: 'evenkeel-traceparent',
  streams: 'evenkeel-streams',
} as const;

export function encodeShardRecord(record: ShardRecord): NewRecord {
  const about = { [header.kind]: record.kind, [header.shard]: record.shard, [header.term]: String(record.term) };
  if (record.kind === 'close') return { key: record.shard, headers: about, value: null };
  const written = { ...about, [header.generation]: String(record.generation), [header.writer]: record.writer };
  if (record.kind === 'fence') return { key: record.shard, headers: { ...written, [header.base]: String(record.base) }, value: null };
  const key = record.streams[0];
  assert(key !== undefined, 'a commit changes at least one stream');
  return {
    key,
    headers: {
      ...written,
      [header.seq]: String(record.seq),
      [header.cause]: record.cause,
      [header.correlation]: record.correlation,
      [header.traceparent]: record.traceparent,
      [header.streams]: JSON.stringify(record.streams),
    },
    value: record.body,
  };
}

/** Thrown and caught inside this file only: a record names one fault, the first. */
class Unreadable extends Error {}

const fault = (reason: string): never => {
  throw new Unreadable(reason);
};

type Headers = StoredRecord['headers'];

function textOf(headers: Headers, name: string): string {
  const text = headers[name];
  return text === undefined || text === '' ? fault(`header ${name} is missing`) : text;
}

function numberOf(headers: Headers, name: string, least: 0 | 1): number {
  const text = textOf(headers, name);
  const value = /^(0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) && value >= least
    ? value
    : fault(`header ${name} is not a whole number from ${least}: ${text.slice(0, 40)}`);
}

function streamsOf(headers: Headers): readonly string[] {
  const text = textOf(headers, header.streams);
  let streams: unknown;
  try {
    streams = JSON.parse(text);
  } catch {
    return fault(`header ${header.streams} is not JSON`);
  }
  const valid = Array.isArray(streams) && streams.length > 0 && streams.every((stream) => typeof stream === 'string' && stream !== '');
  return valid ? (streams as string[]) : fault(`header ${header.streams} is not a list of stream ids`);
}

/** What was found to belong together last: records come by the hundred from one place. */
let checked: { readonly shard: ShardId; readonly topic: string; readonly partition: number } | undefined;

/** The shard that the headers name; it must be one of this topic and partition. */
function shardOf(record: StoredRecord): ShardId {
  const text = textOf(record.headers, header.shard);
  if (checked?.shard === text && checked.topic === record.topic && checked.partition === record.partition) return checked.shard;
  const shard = parseShardId(text) ?? fault(`header ${header.shard} is no shard id: ${text.slice(0, 80)}`);
  const service = /(?:^|\.)([a-z]+)\.events$/.exec(record.topic)?.[1];
  if (service !== shard.service) fault(`shard ${text} does not belong into topic ${record.topic}`);
  if (record.partition !== shard.partition) fault(`shard ${text} does not belong into partition ${record.partition}`);
  checked = { shard: text as ShardId, topic: record.topic, partition: record.partition };
  return checked.shard;
}

function written(record: StoredRecord): Pick<Fence, 'shard' | 'term' | 'generation' | 'writer'> {
  return {
    shard: shardOf(record),
    term: numberOf(record.headers, header.term, 1),
    generation: numberOf(record.headers, header.generation, 1),
    writer: textOf(record.headers, header.writer),
  };
}

function commitOf(record: StoredRecord): Commit {
  const { headers } = record;
  return {
    kind: 'commit',
    ...written(record),
    seq: numberOf(headers, header.seq, 1),
    cause: textOf(headers, header.cause) as CommandId,
    correlation: textOf(headers, header.correlation),
    traceparent: headers[header.traceparent] ?? '',
    streams: streamsOf(headers),
    body: record.value ?? fault('a commit without a body'),
  };
}

const closeOf = (record: StoredRecord): Close => ({
  kind: 'close',
  shard: shardOf(record),
  term: numberOf(record.headers, header.term, 1),
});

/** Reads a record of an events topic, or of a mirror of one. */
export function decodeShardRecord(record: StoredRecord): Decoded<ShardRecord> {
  try {
    switch (record.headers[header.kind]) {
      case 'commit':
        return readable(commitOf(record));
      case 'fence':
        return readable({ kind: 'fence', ...written(record), base: numberOf(record.headers, header.base, 0) });
      case 'close':
        return readable(closeOf(record));
      default:
        return unreadable(`header ${header.kind} names no kind of record: ${String(record.headers[header.kind]).slice(0, 40)}`);
    }
  } catch (error) {
    if (error instanceof Unreadable) return unreadable(error.message);
    throw error;
  }
}

const term = z.int().min(1);
const seq = z.int().min(0);
const shard = z
  .string()
  .refine((text) => parseShardId(text) !== undefined, 'not a shard id')
  .transform((text) => text as ShardId);
const receiptSchema = z.object({ shard, term, generation: seq, writer: z.string().min(1).nullable(), seq });
const receiptsSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('receipts'), by: regionSchema, receipts: z.array(receiptSchema) }),
  z.object({ kind: z.literal('cut'), by: regionSchema, term }),
]);

export const encodeReceipts = (record: ReceiptsRecord): NewRecord => ({
  key: record.by,
  headers: { [header.kind]: record.kind },
  value: JSON.stringify(record),
});

/** Quiet shards are told word for word again and again, and several readers of a process meet the same text. */
const receiptsIn = remembering(128, (text): Decoded<ReceiptsRecord> => fromJson<ReceiptsRecord>(text, receiptsSchema));

/** Reads a record of a `receipts` topic; in a mirror `<region>.receipts` only that region's own count. */
export function decodeReceipts(record: StoredRecord): Decoded<ReceiptsRecord> {
  const decoded = receiptsIn(record.value);
  if (!decoded.readable) return decoded;
  const origin = record.topic.endsWith('.receipts') ? record.topic.slice(0, -'.receipts'.length) : decoded.value.by; // bare: this region's own
  if (origin !== decoded.value.by) return unreadable(`receipts by ${decoded.value.by} in ${record.topic}`);
  return decoded;
}

export const encodeLineage = (record: LineageRecord): NewRecord => ({
  key: 'lineage',
  headers: { [header.kind]: 'lineage' },
  value: JSON.stringify(record),
});

/** Every agent copies the lineage that it knows, so most copies are of one that was read before. */
const lineageIn = remembering(16, (text): Decoded<LineageRecord> => fromJson(text, lineageRecordSchema));

/** Reads a record of a `lineage` topic. */
export const decodeLineage = (record: StoredRecord): Decoded<LineageRecord> => lineageIn(record.value);

/** Keeps what the newest `max` texts were read as; values are shared, so nobody may change them. */
function remembering<T>(max: number, read: (text: string | null) => T): (text: string | null) => T {
  const known = new Map<string | null, T>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const value = read(text);
    if (known.size >= max) known.delete(known.keys().next().value!);
    known.set(text, value);
    return value;
  };
}

function fromJson<T>(text: string | null, schema: z.ZodType<T>): Decoded<T> {
  if (text === null) return unreadable('no value');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return unreadable('the value is not JSON');
  }
  const parsed = schema.safeParse(json);
  return parsed.success ? readable(parsed.data) : unreadable(z.prettifyError(parsed.error).slice(0, 500));
}
