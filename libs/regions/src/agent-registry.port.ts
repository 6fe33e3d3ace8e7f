import { z } from 'zod';
import { regionSchema, type Region } from '#contracts';
import type { LineageWatch, StoredLineage } from './lineage-store.port.ts';

/**
 * What the agents of all regions tell each other through etcd: who is there, who leads, what people wish. Detection and convenience; nothing that must be
 * safe depends on it. Two adapters pass one contract suite: `etcd/`, `in-memory/`.
 *
 * Every call ends within its deadline, and is not repeated. A failure is an `AgentRegistryError`: whether it had its effect is then unknown.
 */
export class AgentRegistryError extends Error {
  override readonly name = 'AgentRegistryError';
}

/** What an instance of a region's agent says of itself. It stands as long as its lease is renewed. */
export const agentSignalSchema = z.object({
  region: regionSchema,
  instance: z.int().min(1),
  /** It believes that it leads. The leader key decides. */
  leading: z.boolean(),
  /** Revision of the newest lineage that it has read. */
  lineageRevision: z.int().nonnegative(),
  /** It follows all logs closely, under that lineage. */
  caughtUp: z.boolean(),
  /** Of its region's stranded commits, those that came from outside have been offered again. */
  strandedOffered: z.boolean(),
});
export type AgentSignal = Readonly<z.infer<typeof agentSignalSchema>>;

export const leaderSchema = z.object({ instance: z.int().min(1), session: z.string() });
/** Who leads a region: the instance, by the session in which it took the lead. */
export type Leader = Readonly<z.infer<typeof leaderSchema>>;

export const regionWishesSchema = z.object({
  /** Regions that somebody wants empty of work. */
  evacuated: z.array(regionSchema).default([]),
  /** A person has stated that all regions but this one are down, and accepts what may be lost; the lineage had this term then. */
  promote: z.object({ region: regionSchema, overTerm: z.int().positive() }).optional(),
});
export type RegionWishes = Readonly<z.infer<typeof regionWishesSchema>>;

/** All of it, with the lineage, at one moment. */
export interface RegionState {
  readonly lineage: StoredLineage | undefined;
  /** By region and instance; only those whose lease stands. */
  readonly signals: readonly AgentSignal[];
  readonly leaders: ReadonlyMap<Region, Leader>;
  readonly wishes: RegionWishes;
  /** What `changeWishes` compares with; 0 before the first wish. */
  readonly wishesRevision: number;
}

/** One lease of one instance. It ends when it is not renewed for its time to live, or is closed; afterwards all its calls fail or answer false. */
export interface AgentSession {
  /** Unique for ever. */
  readonly id: string;
  /** Says (anew) what this instance says of itself. @throws AgentRegistryError */
  signal(signal: AgentSignal): Promise<void>;
  /** Takes the lead of the region if nobody has it. True: this session has it now. @throws AgentRegistryError */
  lead(): Promise<boolean>;
  /** False: the lease has run out, a new session is needed. @throws AgentRegistryError */
  renew(): Promise<boolean>;
  /** Gives the lease back, so that nobody need wait until it has run out. @throws AgentRegistryError */
  close(): Promise<void>;
}

export interface AgentRegistry {
  /** All of it at one revision that a majority agrees on. @throws AgentRegistryError */
  read(): Promise<RegionState>;
  /** @throws AgentRegistryError */
  openSession(options: { readonly region: Region; readonly instance: number; readonly ttlSeconds: number }): Promise<AgentSession>;
  /** Replaces the wishes that were read at `revision`. `conflict`: somebody else changed them since. @throws AgentRegistryError */
  changeWishes(revision: number, wishes: RegionWishes): Promise<'changed' | 'conflict'>;
  /**
   * Tells that something may have changed: the lineage, a signal, a leader, the wishes; of the lineage also what stands there now, agreed on as if it
   * had been read. It may tell late or not at all, so a reader also reads from time to time.
   */
  watch(onChange: (lineage: StoredLineage | undefined) => void, onError: (error: Error) => void): LineageWatch;
  close(): Promise<void>;
}
