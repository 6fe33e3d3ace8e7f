import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { FetchSession, type SessionRequest } from './fetch-session.ts';

/** A broker as KIP-227 has it: sessions by id, each with the next epoch and what it was told. */
class ModelBroker {
  readonly #sessions = new Map<number, { epoch: number; told: Map<string, string> }>();
  #lastId = 0;
  cacheIsFull = false;

  forgetAll(): void {
    this.#sessions.clear();
  }

  /** `fetched` is what the broker would read for this request. */
  fetch({ sessionId, sessionEpoch, topics, forgottenTopics }: SessionRequest) {
    const named = new Map(
      topics.flatMap(({ topic, partitions }) => partitions.map(({ partition, fetchOffset }) => [`${topic}:${partition}`, fetchOffset])),
    );
    if (sessionId === 0) {
      if (sessionEpoch !== 0 || forgottenTopics.length > 0) throw new Error('a full request opens a session at epoch 0');
      if (this.cacheIsFull) return { answer: { errorCode: 0, sessionId: 0 }, fetched: named };
      this.#sessions.set(++this.#lastId, { epoch: 1, told: named });
      return { answer: { errorCode: 0, sessionId: this.#lastId }, fetched: named };
    }
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return { answer: { errorCode: 70, sessionId: 0 }, fetched: undefined };
    if (session.epoch !== sessionEpoch) return { answer: { errorCode: 71, sessionId: 0 }, fetched: undefined };
    session.epoch += 1;
    for (const { topic, partitions } of forgottenTopics) for (const partition of partitions) session.told.delete(`${topic}:${partition}`);
    for (const [name, offset] of named) session.told.set(name, offset);
    return { answer: { errorCode: 0, sessionId }, fetched: session.told };
  }
}

const positions = fc.uniqueArray(fc.record({ topic: fc.constantFrom('a', 'b'), partition: fc.nat(2), next: fc.nat(3) }), {
  selector: ({ topic, partition }) => `${topic}:${partition}`,
});
const step = fc.record({ wanted: positions, brokerForgets: fc.boolean(), cacheIsFull: fc.boolean() });

it('has the broker fetch exactly what is wanted, whatever moves, comes, goes, or is forgotten by the broker', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const session = new FetchSession({ bytesPerPartition: 1 });
      const broker = new ModelBroker();
      for (const { wanted, brokerForgets, cacheIsFull } of steps) {
        if (brokerForgets) broker.forgetAll();
        broker.cacheIsFull = cacheIsFull;
        let { answer, fetched } = broker.fetch(session.request(wanted));
        if (!session.answered(answer)) {
          ({ answer, fetched } = broker.fetch(session.request(wanted)));
          expect(session.answered(answer)).toBe(true);
        }
        expect(Object.fromEntries(fetched!)).toEqual(
          Object.fromEntries(wanted.map(({ topic, partition, next }) => [`${topic}:${partition}`, String(next)])),
        );
      }
    }),
  );
});

it('names only what has moved', () => {
  const session = new FetchSession({ bytesPerPartition: 1 });
  const wanted = [0, 1, 2].map((partition) => ({ topic: 'a', partition, next: 5 }));
  session.answered(new ModelBroker().fetch(session.request(wanted)).answer);
  const { topics, forgottenTopics } = session.request([wanted[0]!, { ...wanted[1]!, next: 6 }]);
  expect(topics).toEqual([{ topic: 'a', partitions: [{ partition: 1, fetchOffset: '6', maxBytes: 1 }] }]);
  expect(forgottenTopics).toEqual([{ topic: 'a', partitions: [2] }]);
});
