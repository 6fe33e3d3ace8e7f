import crc32c from 'kafkajs/src/protocol/recordBatch/crc32C/index.js';
import type { PartitionBatch } from '../cluster.port.ts';

/** The version of Produce whose requests are written here: the newest that kafkajs knows. */
export const produceVersion = 7;

export interface ProduceArguments {
  /** Of each partition one batch. */
  readonly batches: readonly PartitionBatch[];
  /** Of all records. */
  readonly timestampMs: number;
  /** How long the broker may wait for the in-sync replicas. */
  readonly timeoutMs: number;
}

/** A request to append, to be acknowledged by all in-sync replicas, outside of transactions: https://kafka.apache.org/protocol#The_Messages_Produce */
export function encodeProduce({ batches, timestampMs, timeoutMs }: ProduceArguments): Buffer {
  const topics = [...Map.groupBy(batches, ({ topic }) => topic)];
  let length = nullBytes + acksBytes + 2 * int32Bytes;
  for (const [topic, partitions] of topics) {
    length += int16Bytes + Buffer.byteLength(topic) + int32Bytes;
    for (const { records } of partitions) length += 2 * int32Bytes + batchLength(records);
  }
  const fields = new FieldWriter(length);
  fields.int16(nullLength); // no transaction
  fields.int16(acknowledgedByAll);
  fields.int32(timeoutMs);
  fields.int32(topics.length);
  for (const [topic, partitions] of topics) {
    fields.int16(Buffer.byteLength(topic));
    fields.text(topic);
    fields.int32(partitions.length);
    for (const { partition, records } of partitions) {
      fields.int32(partition);
      const sizeAt = fields.at;
      fields.int32(0); // known when the batch is written
      writeBatch(fields, records, timestampMs);
      fields.bytes.writeInt32BE(fields.at - sizeAt - int32Bytes, sizeAt);
    }
  }
  return fields.bytes;
}

type Records = PartitionBatch['records'];

const [int16Bytes, int32Bytes, nullBytes, acksBytes] = [2, 4, 2, 2];
const [nullLength, acknowledgedByAll, magicOfToday] = [-1, -1, 2];
/** Where fields of a batch stand: https://kafka.apache.org/documentation/#recordbatch */
const batchAt = { length: 8, leaderEpoch: 12, checksum: 17, attributes: 21, records: 61 };

function batchLength(records: Records): number {
  let length = batchAt.records;
  for (const [i, record] of records.entries()) {
    const body = bodyLength(record, i);
    length += varintLength(body) + body;
  }
  return length;
}

function writeBatch(fields: FieldWriter, records: Records, timestampMs: number): void {
  const start = fields.at;
  fields.int64(0n); // the broker gives the offset
  fields.int32(0); // the length comes last
  fields.int32(0); // the broker knows its epoch
  fields.int8(magicOfToday);
  fields.int32(0); // the checksum comes last
  fields.int16(0); // not compressed
  fields.int32(records.length - 1);
  fields.int64(BigInt(timestampMs));
  fields.int64(BigInt(timestampMs));
  fields.int64(-1n); // no producer id, epoch or sequence: not idempotent
  fields.int16(-1);
  fields.int32(-1);
  fields.int32(records.length);
  for (const [i, record] of records.entries()) writeRecord(fields, record, i);
  fields.bytes.writeInt32BE(fields.at - start - batchAt.leaderEpoch, start + batchAt.length);
  fields.bytes.writeUInt32BE(crc32c(fields.bytes.subarray(start + batchAt.attributes, fields.at)), start + batchAt.checksum);
}

/** Of what follows a record's length: attributes, the time and the offset after the batch's, key, value, headers. */
function bodyLength({ key, value, headers }: Records[number], offsetDelta: number): number {
  const names = Object.keys(headers);
  let length = 1 + 1 + varintLength(offsetDelta) + textLength(key) + textLength(value) + varintLength(names.length);
  for (const name of names) length += textLength(name) + textLength(headers[name]!);
  return length;
}

function writeRecord(fields: FieldWriter, record: Records[number], offsetDelta: number): void {
  const { key, value, headers } = record;
  fields.varint(bodyLength(record, offsetDelta));
  fields.int8(0);
  fields.varint(0); // all of a batch have one time
  fields.varint(offsetDelta);
  fields.prefixedText(key);
  fields.prefixedText(value);
  const names = Object.keys(headers);
  fields.varint(names.length);
  for (const name of names) {
    fields.prefixedText(name);
    fields.prefixedText(headers[name]!);
  }
}

/** Zigzag: small in amount is short, whatever the sign. */
const zigzagOf = (value: number): number => ((value << 1) ^ (value >> 31)) >>> 0;

function varintLength(value: number): number {
  let length = 1;
  for (let rest = zigzagOf(value) >>> 7; rest > 0; rest >>>= 7) length++;
  return length;
}

function textLength(text: string | null): number {
  if (text === null) return varintLength(nullLength);
  const length = Buffer.byteLength(text);
  return varintLength(length) + length;
}

/** Fields of Kafka's protocol, one after the other, in as many bytes as they take. */
class FieldWriter {
  at = 0;
  readonly bytes: Buffer;

  constructor(length: number) {
    this.bytes = Buffer.allocUnsafe(length);
  }

  int8(value: number): void {
    this.at = this.bytes.writeInt8(value, this.at);
  }

  int16(value: number): void {
    this.at = this.bytes.writeInt16BE(value, this.at);
  }

  int32(value: number): void {
    this.at = this.bytes.writeInt32BE(value, this.at);
  }

  int64(value: bigint): void {
    this.at = this.bytes.writeBigInt64BE(value, this.at);
  }

  text(value: string): void {
    this.at += this.bytes.write(value, this.at, 'utf8');
  }

  varint(value: number): void {
    let rest = zigzagOf(value);
    for (; rest >= 0x80; rest >>>= 7) this.bytes[this.at++] = (rest & 0x7f) | 0x80;
    this.bytes[this.at++] = rest;
  }

  prefixedText(value: string | null): void {
    this.varint(value === null ? nullLength : Buffer.byteLength(value));
    if (value !== null) this.text(value);
  }
}
