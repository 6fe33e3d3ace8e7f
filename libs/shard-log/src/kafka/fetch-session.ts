import type { FetchAnswer } from './fetch-answer.ts';
import type { FetchTopic } from './kafka-protocol.ts';
import type { TopicPartition } from '../cluster.port.ts';

interface Wanted extends TopicPartition {
  /** Next offset to read. */
  readonly next: number;
}

export interface SessionRequest {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly topics: readonly FetchTopic[];
  readonly forgottenTopics: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
}

const [sessionIdNotFound, invalidSessionEpoch] = [70, 71];

/**
 * What one connection's broker remembers of the partitions that are fetched (KIP-227), so that a request names only those whose position
 * has moved, and an answer only those that bring something. A reader of 40 partitions, of which one moves at a time, otherwise says and
 * hears 40 positions each time.
 *
 * A broker that keeps no session (its cache is full) is told everything each time; one that has forgotten it is told everything once.
 */
export class FetchSession {
  readonly #bytesPerPartition: number;
  #id = 0;
  #epoch = 0;
  /** What the broker has been told: partition by name, at which offset. */
  #told = new Map<string, Wanted>();

  constructor(options: { readonly bytesPerPartition: number }) {
    this.#bytesPerPartition = options.bytesPerPartition;
  }

  /** The next request, for exactly these partitions. Its answer must be told before another is made. */
  request(wanted: readonly Wanted[]): SessionRequest {
    if (this.#id === 0) this.#told = new Map();
    const moved = wanted.filter((position) => this.#told.get(nameOf(position))?.next !== position.next);
    const names = new Set(wanted.map(nameOf));
    const forgotten = [...this.#told.values()].filter((position) => !names.has(nameOf(position)));
    for (const position of forgotten) this.#told.delete(nameOf(position));
    for (const { topic, partition, next } of moved) this.#told.set(nameOf({ topic, partition }), { topic, partition, next });
    return {
      sessionId: this.#id,
      sessionEpoch: this.#epoch,
      topics: byTopic(moved).map(([topic, positions]) => ({
        topic,
        partitions: positions.map(({ partition, next }) => ({
          partition,
          fetchOffset: String(next),
          maxBytes: this.#bytesPerPartition,
        })),
      })),
      forgottenTopics: byTopic(forgotten).map(([topic, positions]) => ({ topic, partitions: positions.map(({ partition }) => partition) })),
    };
  }

  /** Whether the answer is one to read. When it is not, the broker has lost the session: the next request opens another. */
  answered({ errorCode, sessionId }: Pick<FetchAnswer, 'errorCode' | 'sessionId'>): boolean {
    const lost = errorCode === sessionIdNotFound || errorCode === invalidSessionEpoch;
    const kept = !lost && sessionId !== 0;
    this.#id = kept ? sessionId : 0;
    this.#epoch = kept ? nextEpoch(this.#epoch) : 0;
    return !lost;
  }
}

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}:${partition}`;
/** 0 asks for a new session, so it is passed over. */
const nextEpoch = (epoch: number): number => (epoch === 0x7fffffff ? 1 : epoch + 1);
const byTopic = (positions: readonly Wanted[]): [string, Wanted[]][] => [...Map.groupBy(positions, ({ topic }) => topic)];
