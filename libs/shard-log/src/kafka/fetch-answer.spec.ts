import * as fc from 'fast-check';
import Encoder from 'kafkajs/src/protocol/encoder.js';
import kafkajsAnswer from 'kafkajs/src/protocol/requests/fetch/v11/response.js';
import kafkajsRecord from 'kafkajs/src/protocol/recordBatch/record/v0/index.js';
import kafkajsBatches from 'kafkajs/src/protocol/recordBatch/v0/index.js';
import { expect, it } from 'vitest';
import { countRecords, decodeFetchAnswer, recordsOf } from './fetch-answer.ts';

const [none, gzip, snappy] = [0, 1, 2];
const text = fc.string({ unit: 'binary', maxLength: 40 }).filter((it) => it.isWellFormed());
const record = fc.record({
  key: fc.option(text),
  value: fc.option(text),
  laterMs: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
  headers: fc.dictionary(
    text.filter((name) => name !== '__proto__'),
    fc.oneof(text, fc.constant('the same')),
    { maxKeys: 4 },
  ),
});
type AnyRecord = typeof record extends fc.Arbitrary<infer R> ? R : never;

const bufferOf = (value: string | null): Buffer | null => (value === null ? null : Buffer.from(value));

async function batchOf(firstOffset: number, records: readonly AnyRecord[], compression = none): Promise<Buffer> {
  const encoded = records.map(({ key, value, laterMs, headers }, i) =>
    kafkajsRecord({
      offsetDelta: 2 * i, // as after compaction: offsets have gaps
      timestampDelta: laterMs,
      key: bufferOf(key),
      value: bufferOf(value),
      headers: Object.fromEntries(Object.entries(headers).map(([name, of]) => [name, Buffer.from(of)])),
    }),
  );
  const lastOffsetDelta = 2 * (records.length - 1);
  const batch = await kafkajsBatches.RecordBatch({
    compression,
    firstOffset,
    firstTimestamp: 2 ** 41,
    maxTimestamp: 2 ** 42,
    lastOffsetDelta,
    records: encoded,
  });
  return batch.buffer;
}

/** As a broker answers: one topic, one partition. */
function answerOf(batches: Buffer, errorCode = 0): Buffer {
  const partition = new Encoder().writeInt32(3).writeInt16(errorCode).writeInt64(9).writeInt64(9).writeInt64(0);
  partition.writeInt32(1).writeInt64(5).writeInt64(6).writeInt32(-1).writeBytes(batches);
  return new Encoder()
    .writeInt32(0)
    .writeInt16(0)
    .writeInt32(77)
    .writeInt32(1)
    .writeString('a.events')
    .writeInt32(1)
    .writeEncoder(partition).buffer;
}

const partitionIn = (answer: Buffer) => decodeFetchAnswer(answer).partitions[0]!;

it('reads of an answer what kafkajs reads of it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(record, { minLength: 1, maxLength: 6 }), { maxLength: 3 }),
      fc.constantFrom(none, gzip),
      async (contents, compression) => {
        const batches = await Promise.all(contents.map((records, i) => batchOf(100 * i, records, compression)));
        const answer = answerOf(Buffer.concat(batches));
        const theirs = await kafkajsAnswer.decode(answer);
        const ours = decodeFetchAnswer(answer);
        expect(ours).toMatchObject({ errorCode: 0, sessionId: 77, partitions: [{ topic: 'a.events', partition: 3, errorCode: 0 }] });
        const expected = theirs.responses[0]!.partitions[0]!.messages.map(({ offset, timestamp, key, value, headers }) => ({
          topic: 'a.events',
          partition: 3,
          offset: Number(offset),
          timestampMs: Number(timestamp),
          key: key?.toString() ?? null,
          value: value?.toString() ?? null,
          headers: Object.fromEntries(Object.entries(headers).map(([name, of]) => [name, of.toString()])),
        }));
        expect(countRecords(ours.partitions)).toBe(expected.length);
        const { records, next } = recordsOf(ours.partitions[0]!, 0);
        expect(records).toEqual(expected);
        expect(next).toBe(expected.length === 0 ? undefined : expected.at(-1)!.offset + 1);
      },
    ),
    { seed: 20261127, numRuns: 200 },
  );
});

const plain = (value: string): AnyRecord => ({ key: null, value, laterMs: 0, headers: {} });

it('leaves out what stands before the wanted offset, and a batch that was cut off', async () => {
  const batches = Buffer.concat([await batchOf(0, [plain('a'), plain('b')]), await batchOf(3, [plain('c')])]);
  const values = (all: Buffer, from: number) => {
    const { records, next } = recordsOf(partitionIn(answerOf(all)), from);
    return [records.map(({ value }) => value), next];
  };
  expect(values(batches, 1)).toEqual([['b', 'c'], 4]);
  expect(values(batches, 3)).toEqual([['c'], 4]);
  expect(values(batches.subarray(0, batches.length - 1), 0)).toEqual([['a', 'b'], 3]);
  expect(values(batches.subarray(0, 60), 0)).toEqual([[], undefined]);
});

it('passes over control batches, and takes the broker’s time where the broker stamps', async () => {
  const batch = await batchOf(7, [plain('a')]);
  batch.writeInt16BE(0x20, 21);
  expect(recordsOf(partitionIn(answerOf(batch)), 0)).toEqual({ records: [], next: 8 });
  batch.writeInt16BE(0x08, 21);
  expect(recordsOf(partitionIn(answerOf(batch)), 0).records[0]?.timestampMs).toBe(2 ** 42);
});

it('tells errors, of a header of two values the first, and refuses a compression that it does not know', async () => {
  expect(partitionIn(answerOf(Buffer.alloc(0), 3)).errorCode).toBe(3);
  const twice = kafkajsRecord({ key: null, value: null, headers: { name: [Buffer.from('first'), Buffer.from('second')] } });
  const batch = (await kafkajsBatches.RecordBatch({ records: [twice] })).buffer;
  expect(recordsOf(partitionIn(answerOf(batch)), 0).records[0]?.headers).toEqual({ name: 'first' });
  batch.writeInt16BE(snappy, 21);
  expect(() => recordsOf(partitionIn(answerOf(batch)), 0)).toThrow('not supported');
});
