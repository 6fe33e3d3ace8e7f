import { commandId, type ShardId } from '#contracts';
import type { ReadingEvent } from '#shard-log';
import type { Effect } from './model.agent.ts';
import type { ModelReader } from './model.reader.ts';

interface Opening {
  readonly writer: string;
  readonly term: number;
  readonly generation: number;
  isOpen: boolean;
  /** Written and not read back. */
  inFlight: number | undefined;
}

/** The writers of one service process: they open what their lineage says is theirs, with one append in flight each. */
export class ModelService {
  readonly name: string;
  readonly reader: ModelReader;
  readonly #openings = new Map<ShardId, Opening>();
  #count = 0;

  /** `reader` tells this service its events through `note`. */
  constructor(name: string, makeReader: (note: (shard: ShardId, event: ReadingEvent) => void) => ModelReader) {
    this.name = name;
    this.reader = makeReader((shard, event) => this.#note(shard, event));
  }

  /** The next append to this shard's log, or undefined when there is none to make now. */
  write(shard: ShardId): Effect | undefined {
    const reading = this.reader.readings.get(shard)!;
    const last = reading.lastSegment;
    const { term, generation, seq, closed } = reading.cursor;
    if (last === undefined || last.owner !== this.reader.cluster.region || term !== last.term || closed || reading.stopped !== undefined)
      return undefined;
    const opening = this.#openings.get(shard);
    if (opening === undefined || opening.term !== term || opening.generation < generation) {
      const writer = `${this.name}-${++this.#count}`;
      this.#openings.set(shard, { writer, term, generation: generation + 1, isOpen: false, inFlight: undefined });
      return { kind: 'events', record: { kind: 'fence', shard, term, generation: generation + 1, writer, base: seq } };
    }
    if (!opening.isOpen || opening.inFlight !== undefined) return undefined;
    opening.inFlight = seq + 1;
    return {
      kind: 'events',
      record: {
        kind: 'commit',
        shard,
        term,
        generation: opening.generation,
        writer: opening.writer,
        seq: seq + 1,
        cause: commandId(`${this.name}:${++this.#count}`),
        correlation: 'order-1',
        traceparent: '',
        streams: ['order-1'],
        body: '{"events":[]}',
      },
    };
  }

  /** A doubtful append: the shard is opened again by a new fence. */
  doubt(shard: ShardId): void {
    this.#openings.delete(shard);
  }

  #note(shard: ShardId, event: ReadingEvent): void {
    const opening = this.#openings.get(shard);
    if (opening === undefined) return;
    if (event.type === 'fence' && event.fence.writer === opening.writer) {
      if (event.verdict === 'accepted') opening.isOpen = true;
      else if (!opening.isOpen) this.#openings.delete(shard);
    } else if (event.type === 'accepted' && event.commit.writer === opening.writer && event.commit.seq === opening.inFlight)
      opening.inFlight = undefined;
  }
}
