import { assert } from '#kernel';
import type { Lineage, Region } from '#contracts';
import { illegalSteps, type AgentSignal, type Leader, type RegionState, type RegionWishes, type StoredLineage } from '#regions';
import type { SeededRandom } from '#test-kit';

interface Lease {
  readonly session: string;
  signal: AgentSignal;
  untilMs: number;
}

/** What becomes of a swap: chances from 0 to 1. */
export interface SwapTroubles {
  answerLost: number;
  /** It arrives later, and nobody is told. */
  late: number;
}

type Swap = { readonly revision: number; readonly lineage: Lineage };

/**
 * etcd as the agents see it: one lineage, linearizable, changed by compare-and-swap only; leases that end by themselves; wishes. A region
 * without a majority reads and changes nothing.
 */
export class Etcd {
  readonly history: StoredLineage[] = [];
  readonly troubles: SwapTroubles = { answerLost: 0, late: 0 };
  wishes: RegionWishes = { evacuated: [] };
  hasQuorum = true;
  /** Regions that reach no majority of the members. */
  readonly cutOff = new Set<Region>();
  readonly #leases = new Map<string, Lease>();
  readonly #leaders = new Map<Region, Leader>();
  readonly #random: SeededRandom;
  #late: Swap[] = [];

  constructor(first: Lineage, random: SeededRandom) {
    this.history.push({ revision: 1, lineage: first });
    this.#random = random;
  }

  get stored(): StoredLineage {
    return this.history.at(-1)!;
  }

  answers(region: Region): boolean {
    return this.hasQuorum && !this.cutOff.has(region);
  }

  read(nowMs: number): RegionState {
    this.#expire(nowMs);
    const signals = [...this.#leases.values()].map(({ signal }) => signal);
    return { lineage: this.stored, signals, leaders: this.#leaders, wishes: this.wishes, wishesRevision: 1 };
  }

  /** Renews the lease of a session, or begins it, and takes the lead of the region if nobody has it. True: this session leads. */
  renew(session: string, signal: AgentSignal, nowMs: number, ttlMs: number): boolean {
    this.#expire(nowMs);
    this.#leases.set(session, { session, signal, untilMs: nowMs + ttlMs });
    if (!this.#leaders.has(signal.region)) this.#leaders.set(signal.region, { instance: signal.instance, session });
    return this.leads(session, signal.region);
  }

  leads(session: string, region: Region): boolean {
    return this.#leaders.get(region)?.session === session;
  }

  /** What the agent is told: whether it was stored, or nothing. */
  compareAndSwap(revision: number, lineage: Lineage): boolean | undefined {
    const fate = this.troubles.answerLost + this.troubles.late > 0 ? this.#random.next() : 1;
    if (fate < this.troubles.late) {
      this.#late.push({ revision, lineage });
      return undefined;
    }
    const stored = this.#swap(revision, lineage);
    return fate < this.troubles.late + this.troubles.answerLost ? undefined : stored;
  }

  /** Requests that were on their way arrive. */
  deliverLate(): void {
    if (!this.hasQuorum) return;
    for (const { revision, lineage } of this.#late.splice(0)) this.#swap(revision, lineage);
  }

  #swap(revision: number, lineage: Lineage): boolean {
    if (this.stored.revision !== revision) return false;
    const illegal = illegalSteps(this.stored.lineage, lineage);
    assert(illegal.length === 0, `illegal: ${illegal.join('; ')}`);
    this.history.push({ revision: revision + 1, lineage });
    return true;
  }

  #expire(nowMs: number): void {
    // Without a majority no lease ends: who decides that is the majority.
    if (!this.hasQuorum) return;
    for (const [session, { untilMs, signal }] of this.#leases) {
      if (untilMs > nowMs) continue;
      this.#leases.delete(session);
      if (this.leads(session, signal.region)) this.#leaders.delete(signal.region);
    }
  }
}
