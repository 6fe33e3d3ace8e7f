import { assignPartitions } from '../kafka/assign-partitions.ts';

/** One member's side of the group: called when the group forms anew. */
export interface InMemoryMember {
  onGeneration(partitions: readonly number[]): void;
}

/** A consumer group on one topic: who has which partitions, and where each one's next owner begins. */
export class InMemoryGroup {
  readonly topic: string;
  readonly #members = new Map<string, { readonly member: InMemoryMember; had: readonly number[] }>();
  readonly #committed = new Map<number, number>();
  #joined = 0;

  constructor(topic: string) {
    this.topic = topic;
  }

  /** Returns how to leave, which is also what a crash looks like. */
  join(member: InMemoryMember, partitions: number): () => void {
    this.#joined += 1;
    const id = `member-${String(this.#joined).padStart(6, '0')}`;
    this.#members.set(id, { member, had: [] });
    this.#share(partitions);
    return () => {
      if (!this.#members.delete(id)) return;
      if (this.#members.size > 0) this.#share(partitions);
    };
  }

  committed(partition: number): number {
    return this.#committed.get(partition) ?? 0;
  }

  commit(partition: number, offset: number): void {
    this.#committed.set(partition, Math.max(offset, this.committed(partition)));
  }

  #share(partitions: number): void {
    const shares = assignPartitions(
      [...this.#members].map(([id, { had }]) => ({ id, had })),
      partitions,
    );
    for (const [id, share] of shares) this.#members.get(id)!.had = share;
    for (const [id, share] of shares) this.#members.get(id)?.member.onGeneration(share);
  }
}
