import type { WorldProcess } from './process.ts';

export interface GroupMember {
  readonly owner: WorldProcess;
  assigned(partitions: readonly number[]): void;
}

/**
 * The consumer group on one topic of commands: one member has all partitions, as with one instance of a service. It is replaced when it has
 * been silent for a session; it learns that when it goes on, and writes until then: a zombie.
 */
export class ConsumerGroup {
  readonly #partitions: readonly number[];
  readonly #sessionMs: number;
  readonly #members: GroupMember[] = [];
  readonly #committed = new Map<number, number>();
  #leader: GroupMember | undefined;
  /** Replaced while they were silent, and not told so yet. */
  readonly #deposed = new Set<GroupMember>();

  constructor(partitions: number, sessionMs: number) {
    this.#partitions = Array.from({ length: partitions }, (_, partition) => partition);
    this.#sessionMs = sessionMs;
  }

  join(member: GroupMember): void {
    this.#members.push(member);
  }

  leave(member: GroupMember): void {
    const at = this.#members.indexOf(member);
    if (at >= 0) this.#members.splice(at, 1);
    this.#deposed.delete(member);
    if (this.#leader === member) this.#leader = undefined;
  }

  committed(partition: number): number {
    return this.#committed.get(partition) ?? 0;
  }

  commit(partition: number, offset: number): void {
    this.#committed.set(partition, Math.max(offset, this.committed(partition)));
  }

  /** Misses who has been silent for too long, gives the partitions to the newest who is there, and tells who was deposed. */
  heartbeat(nowMs: number): void {
    for (const member of this.#deposed) {
      if (member.owner.isDead) this.#deposed.delete(member);
      else if (member.owner.isRunning && this.#deposed.delete(member)) {
        member.assigned([]);
        this.#members.unshift(member); // it joins again, behind whoever took its place
      }
    }
    const { owner } = this.#leader ?? {};
    if (owner !== undefined && nowMs - (owner.silentSinceMs ?? nowMs) < this.#sessionMs) return;
    if (this.#leader !== undefined) {
      if (!this.#leader.owner.isDead) this.#deposed.add(this.#leader);
      this.#members.splice(this.#members.indexOf(this.#leader), 1);
      this.#leader = undefined;
    }
    const next = this.#members.findLast((member) => member.owner.isRunning && !this.#deposed.has(member));
    if (next === undefined) return;
    this.#leader = next;
    next.assigned(this.#partitions);
  }
}
