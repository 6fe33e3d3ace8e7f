import type { ShardId } from '#contracts';
import type { StoredRecord } from '#shard-log';
import { shardRecordOf } from './kafka.ts';

interface Barrier {
  readonly shard: ShardId;
  readonly term: number;
  /** What has a lower one is refused behind it; infinite behind a close. */
  readonly generation: number;
}

/** The fences and closes of one log of events that a mirror has left out. */
export class HiddenBarriers {
  #barriers: Barrier[] = [];

  get isEmpty(): boolean {
    return this.#barriers.length === 0;
  }

  hide(record: StoredRecord): void {
    const hidden = shardRecordOf(record);
    if (hidden.kind === 'commit') return;
    const generation = hidden.kind === 'close' ? Infinity : hidden.generation;
    this.#barriers.push({ shard: hidden.shard, term: hidden.term, generation });
  }

  /** Whether who reads all of the log refuses the record because of one of them. */
  refuse(record: StoredRecord): boolean {
    const read = shardRecordOf(record);
    if (read.kind === 'close') return false;
    return this.#barriers.some(({ shard, term, generation }) => read.shard === shard && read.term === term && read.generation < generation);
  }

  clear(): void {
    this.#barriers = [];
  }
}
