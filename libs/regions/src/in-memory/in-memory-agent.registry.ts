import type { Region } from '#contracts';
import {
  AgentRegistryError,
  agentSignalSchema,
  regionWishesSchema,
  type AgentRegistry,
  type AgentSession,
  type AgentSignal,
  type Leader,
  type RegionState,
  type RegionWishes,
} from '../agent-registry.port.ts';
import type { LineageStore, LineageWatch, StoredLineage } from '../lineage-store.port.ts';

interface Lease {
  readonly id: string;
  readonly region: Region;
  readonly instance: number;
  readonly ttlMs: number;
  expiresMs: number;
  signal: AgentSignal | undefined;
}

/** Signals, leaders and wishes in this process, beside a lineage store: for tests. Every call fails while `unreachable` is set; leases run out by `nowMs`. */
export class InMemoryAgentRegistry implements AgentRegistry {
  readonly #lineage: LineageStore;
  readonly #nowMs: () => number;
  readonly #leases = new Map<string, Lease>();
  readonly #leaders = new Map<Region, Leader>();
  readonly #watchers = new Set<(lineage: StoredLineage | undefined) => void>();
  readonly #lineageWatch: LineageWatch;
  #wishes: RegionWishes = { evacuated: [] };
  #wishesRevision = 0;
  #sessions = 0;
  unreachable = false;

  constructor(lineage: LineageStore, nowMs: () => number = () => performance.now()) {
    this.#lineage = lineage;
    this.#nowMs = nowMs;
    this.#lineageWatch = lineage.watch(
      (stored) => this.#tell(this.unreachable ? undefined : stored),
      () => {}, // the store in memory has no faults that a watch would tell
    );
  }

  async read(): Promise<RegionState> {
    this.#reach();
    return {
      lineage: await this.#lineage.read(),
      signals: [...this.#leases.values()].map(({ signal }) => signal).filter((signal) => signal !== undefined),
      leaders: new Map(this.#leaders),
      wishes: this.#wishes,
      wishesRevision: this.#wishesRevision,
    };
  }

  async openSession({ region, instance, ttlSeconds }: { region: Region; instance: number; ttlSeconds: number }): Promise<AgentSession> {
    this.#reach();
    const ttlMs = ttlSeconds * 1_000;
    const lease: Lease = {
      id: String(++this.#sessions),
      region,
      instance,
      ttlMs,
      expiresMs: this.#nowMs() + ttlMs,
      signal: undefined,
    };
    this.#leases.set(lease.id, lease);
    return {
      id: lease.id,
      signal: async (signal) => this.#signal(lease, agentSignalSchema.parse(signal)),
      lead: async () => this.#lead(lease),
      renew: async () => {
        this.#reach();
        if (!this.#leases.has(lease.id)) return false;
        lease.expiresMs = this.#nowMs() + lease.ttlMs;
        return true;
      },
      close: async () => {
        this.#reach();
        this.#end(lease);
      },
    };
  }

  async changeWishes(revision: number, wishes: RegionWishes): Promise<'changed' | 'conflict'> {
    this.#reach();
    if (revision !== this.#wishesRevision) return 'conflict';
    this.#wishes = regionWishesSchema.parse(wishes);
    this.#wishesRevision += 1;
    this.#tell();
    return 'changed';
  }

  watch(onChange: (lineage: StoredLineage | undefined) => void): LineageWatch {
    this.#watchers.add(onChange);
    queueMicrotask(() => onChange(undefined));
    return { close: async () => void this.#watchers.delete(onChange) };
  }

  async close(): Promise<void> {
    this.#watchers.clear();
    await this.#lineageWatch.close();
  }

  #signal(lease: Lease, signal: AgentSignal): void {
    this.#reach();
    if (!this.#leases.has(lease.id)) throw new AgentRegistryError('cannot signal: the lease has run out');
    for (const other of this.#leases.values())
      if (other.region === lease.region && other.instance === lease.instance) other.signal = undefined; // one key per instance
    lease.signal = signal;
    this.#tell();
  }

  #lead(lease: Lease): boolean {
    this.#reach();
    if (!this.#leases.has(lease.id)) throw new AgentRegistryError('cannot take the lead: the lease has run out');
    const leader = this.#leaders.get(lease.region);
    if (leader !== undefined) return leader.session === lease.id;
    this.#leaders.set(lease.region, { instance: lease.instance, session: lease.id });
    this.#tell();
    return true;
  }

  /** Nothing here runs by itself: what has run out is found by the next call. */
  #reach(): void {
    if (this.unreachable) throw new AgentRegistryError('unreachable, as ordered');
    for (const lease of this.#leases.values()) if (lease.expiresMs <= this.#nowMs()) this.#end(lease);
  }

  #end(lease: Lease): void {
    if (!this.#leases.delete(lease.id)) return;
    if (this.#leaders.get(lease.region)?.session === lease.id) this.#leaders.delete(lease.region);
    this.#tell();
  }

  #tell(lineage?: StoredLineage): void {
    for (const tell of this.#watchers) tell(lineage);
  }
}
