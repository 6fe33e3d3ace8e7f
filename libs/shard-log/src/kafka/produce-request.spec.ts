import * as fc from 'fast-check';
import kafkajsRequest from 'kafkajs/src/protocol/requests/produce/v7/request.js';
import { expect, it } from 'vitest';
import { encodeProduce } from './produce-request.ts';

const text = fc.string({ unit: 'binary', maxLength: 40 });
const record = fc.record({
  key: fc.option(text),
  value: fc.option(fc.oneof(text, fc.string({ minLength: 100, maxLength: 9_000 }))),
  headers: fc.dictionary(
    text.filter((name) => name !== '__proto__'),
    text,
    { maxKeys: 4 },
  ),
});
const partitionBatch = fc.record({
  topic: fc.constantFrom('a.events', 'b.receipts', 'ü'),
  partition: fc.nat(1_000_000),
  records: fc.array(record, { minLength: 1, maxLength: 80 }), // more than 63: their offsets take two bytes
});

it('writes byte for byte what kafkajs writes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(partitionBatch, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 2 ** 42 }),
      async (batches, timestampMs) => {
        const topicData = [...Map.groupBy(batches, ({ topic }) => topic)].map(([topic, partitions]) => ({
          topic,
          partitions: partitions.map(({ partition, records }) => ({
            partition,
            firstSequence: -1,
            messages: records.map((of) => ({ ...of, timestamp: timestampMs })),
          })),
        }));
        const theirs = (await kafkajsRequest({ acks: -1, timeout: 5_000, producerEpoch: -1, topicData }).encode()).buffer;
        expect(encodeProduce({ batches, timestampMs, timeoutMs: 5_000 }).equals(theirs)).toBe(true);
      },
    ),
    { seed: 20261127, numRuns: 100 },
  );
});
