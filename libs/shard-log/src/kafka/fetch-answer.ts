import { gunzipSync } from 'node:zlib';
import { assert } from '#kernel';
import type { StoredRecord } from '../cluster.port.ts';

/** Of one partition: its record batches as they came, decoded one partition at a time, so that few records are in memory at once. */
export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly batches: Buffer;
}

export interface FetchAnswer {
  readonly errorCode: number;
  /** 0: the broker keeps no session. */
  readonly sessionId: number;
  readonly partitions: readonly FetchedPartition[];
}

/** The version of Fetch whose answers are understood here: the newest that kafkajs asks for. */
export const fetchVersion = 11;

/** An answer to Fetch, version 11: https://kafka.apache.org/protocol#The_Messages_Fetch */
export function decodeFetchAnswer(payload: Buffer): FetchAnswer {
  const fields = new Fields(payload);
  fields.skip(throttleTimeBytes);
  const errorCode = fields.int16();
  const sessionId = fields.int32();
  const partitions: FetchedPartition[] = [];
  for (let topics = fields.int32(); topics > 0; topics--) {
    const topic = fields.text(fields.int16());
    for (let count = fields.int32(); count > 0; count--) {
      const partition = fields.int32();
      const partitionError = fields.int16();
      fields.skip(offsetsBytes);
      fields.skip(Math.max(0, fields.int32()) * abortedTransactionBytes);
      fields.skip(preferredReplicaBytes);
      partitions.push({ topic, partition, errorCode: partitionError, batches: fields.bytes(Math.max(0, fields.int32())) });
    }
  }
  return { errorCode, sessionId, partitions };
}

const [throttleTimeBytes, offsetsBytes, abortedTransactionBytes, preferredReplicaBytes] = [4, 3 * 8, 2 * 8, 4];

/** Where the fields of a batch stand: https://kafka.apache.org/documentation/#recordbatch */
const batchAt = { length: 8, magic: 16, attributes: 21, lastOffsetDelta: 23, baseTimestamp: 27, maxTimestamp: 35, count: 57, records: 61 };
const lengthCountsFrom = 12;
const magicOfToday = 2;
const recordAttributesBytes = 1;
const [compressionMask, gzip, logAppendTime, controlBatch] = [0x07, 1, 0x08, 0x20];

/** The complete batches: the last may be cut off, where the answer's limit fell. */
function* batchesIn(all: Buffer): Generator<Buffer> {
  for (let at = 0; at + batchAt.records <= all.length;) {
    const end = at + lengthCountsFrom + all.readInt32BE(at + batchAt.length);
    if (end > all.length) return;
    const batch = all.subarray(at, end);
    assert(batch[batchAt.magic] === magicOfToday, 'every broker that is supported stores record batches of version 2');
    yield batch;
    at = end;
  }
}

export function countRecords(partitions: readonly FetchedPartition[]): number {
  let count = 0;
  for (const { batches } of partitions) for (const batch of batchesIn(batches)) count += batch.readInt32BE(batchAt.count);
  return count;
}

export interface DecodedRecords {
  readonly records: readonly StoredRecord[];
  /** Offset after the last complete batch; undefined when there is none. */
  readonly next: number | undefined;
}

/** The records from offset `from` on: a broker sends whole batches, which may begin before it. @throws Error for a compression that is not supported */
export function recordsOf({ topic, partition, batches }: FetchedPartition, from: number): DecodedRecords {
  const records: StoredRecord[] = [];
  const repeated = new RepeatedTexts();
  let next: number | undefined;
  for (const batch of batchesIn(batches)) {
    const baseOffset = Number(batch.readBigInt64BE(0));
    next = baseOffset + batch.readInt32BE(batchAt.lastOffsetDelta) + 1;
    const attributes = batch.readInt16BE(batchAt.attributes);
    if ((attributes & controlBatch) !== 0 || next <= from) continue;
    const stampedByBroker = (attributes & logAppendTime) !== 0;
    const batchMs = Number(batch.readBigInt64BE(stampedByBroker ? batchAt.maxTimestamp : batchAt.baseTimestamp));
    const fields = new Fields(uncompressed(batch, attributes & compressionMask));
    for (let count = batch.readInt32BE(batchAt.count); count > 0; count--) {
      const length = fields.varint();
      const end = fields.at + length;
      fields.skip(recordAttributesBytes);
      const laterMs = fields.varlong();
      const offset = baseOffset + fields.varint();
      const timestampMs = stampedByBroker ? batchMs : batchMs + laterMs;
      if (offset >= from) records.push({ topic, partition, offset, timestampMs, ...bodyOf(fields, repeated) });
      fields.at = end;
    }
  }
  return { records, next };
}

function uncompressed(batch: Buffer, compression: number): Buffer {
  const records = batch.subarray(batchAt.records);
  if (compression === 0) return records;
  if (compression === gzip) return gunzipSync(records);
  throw new Error(`records are compressed by a codec that is not supported (${compression})`);
}

function bodyOf(fields: Fields, repeated: RepeatedTexts): Pick<StoredRecord, 'key' | 'value' | 'headers'> {
  const key = fields.nullableText(fields.varint());
  const value = fields.nullableText(fields.varint());
  const headers: Record<string, string> = {};
  const count = fields.varint();
  for (let i = 0; i < count; i++) {
    const name = repeated.take(2 * i, fields, fields.varint());
    const text = repeated.take(2 * i + 1, fields, Math.max(0, fields.varint()));
    headers[name] ??= text; // of several of one name the first counts
  }
  return { key, value, headers };
}

/**
 * Headers have the same names in every record, and many the same values: text that stands in the same place as in the record before is
 * not made again.
 */
class RepeatedTexts {
  readonly #known: { readonly bytes: Buffer; readonly text: string }[] = [];

  take(place: number, fields: Fields, length: number): string {
    const known = this.#known[place];
    if (known !== undefined && fields.nextIs(known.bytes, length)) {
      fields.skip(length);
      return known.text;
    }
    const bytes = fields.bytes(length);
    const text = bytes.toString('utf8');
    this.#known[place] = { bytes, text };
    return text;
  }
}

/** Fields of Kafka's protocol, one after the other. */
class Fields {
  at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  skip(length: number): void {
    this.at += length;
  }

  int16(): number {
    this.at += 2;
    return this.#bytes.readInt16BE(this.at - 2);
  }

  int32(): number {
    this.at += 4;
    return this.#bytes.readInt32BE(this.at - 4);
  }

  bytes(length: number): Buffer {
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  text(length: number): string {
    this.at += length;
    return this.#bytes.toString('utf8', this.at - length, this.at);
  }

  nullableText(length: number): string | null {
    return length < 0 ? null : this.text(length);
  }

  nextIs(other: Buffer, length: number): boolean {
    if (other.length !== length) return false;
    for (let i = length - 1; i >= 0; i--) if (this.#bytes[this.at + i] !== other[i]) return false;
    return true;
  }

  varint(): number {
    let [byte, shift, zigzag] = [0x80, 0, 0];
    for (; byte >= 0x80; shift += 7) {
      byte = this.#bytes[this.at++]!;
      zigzag |= (byte & 0x7f) << shift;
    }
    return (zigzag >>> 1) ^ -(zigzag & 1);
  }

  /** Exact below 2^53. */
  varlong(): number {
    let [byte, factor, zigzag] = [0x80, 1, 0];
    for (; byte >= 0x80; factor *= 0x80) {
      byte = this.#bytes[this.at++]!;
      zigzag += (byte & 0x7f) * factor;
    }
    return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
  }
}
