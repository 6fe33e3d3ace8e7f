import type { Commit, Fence } from '../core/records.ts';
import type { DecidedBatch, DecidedCommit } from './decide-batch.ts';

/** The one append of a writer that is on its way: complete when each of its commits was read back as accepted, in order. */
export class OwnFlight<Event> {
  readonly #commits: readonly DecidedCommit<Event>[];
  #accepted = 0;

  constructor({ commits }: DecidedBatch<Event>) {
    this.#commits = commits;
  }

  get isComplete(): boolean {
    return this.#accepted === this.#commits.length;
  }

  /** The events of the next own commit, when it is this one that was read back; undefined when another stands in its place. */
  readBack(commit: Commit): readonly Event[] | undefined {
    const expected = this.#commits[this.#accepted];
    if (expected?.seq !== commit.seq || expected.envelope.commandId !== commit.cause) return undefined;
    this.#accepted += 1;
    return expected.events;
  }
}

/** A decided batch as it is to stand in the log, under the fence of its writer. */
export const recordsOf = <Event>(
  fence: Fence,
  { commits }: DecidedBatch<Event>,
  encode: (events: readonly Event[]) => string,
  traceparentOf: (index: number) => string,
): readonly Commit[] =>
  commits.map((commit, index) => ({
    kind: 'commit',
    shard: fence.shard,
    term: fence.term,
    generation: fence.generation,
    writer: fence.writer,
    seq: commit.seq,
    cause: commit.envelope.commandId,
    correlation: commit.envelope.correlation,
    traceparent: traceparentOf(index),
    streams: commit.streams,
    body: encode(commit.events),
  }));
