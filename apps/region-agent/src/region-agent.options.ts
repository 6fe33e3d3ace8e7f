import type { Logger } from 'pino';
import type { Region, Topology } from '#contracts';
import type { AgentRegistry, LineageStore, RegionTiming, StoredLineage } from '#regions';
import type { LogCluster } from '#shard-log';
import type { CheckpointStore } from './receipts/checkpoint.store.ts';
import type { RegionEvents } from './region-events.port.ts';
import type { StrandedSightings } from './stranded/stranded-sightings.ts';

/** What only the leading instance runs beside the receipts: dealing with stranded commits, for one. */
export interface LeadCompanion {
  start(): void;
  learn(stored: StoredLineage): void;
  /** Of this region's stranded commits, those from outside have been offered again, under the newest lineage. */
  offered(): boolean;
  close(): Promise<void>;
}

export interface RegionAgentOptions {
  readonly here: Region;
  readonly instance: number;
  readonly topology: Topology;
  readonly cluster: LogCluster;
  readonly lineageStore: LineageStore;
  readonly registry: AgentRegistry;
  readonly checkpoints: CheckpointStore;
  readonly events: RegionEvents;
  readonly log: Logger;
  readonly timing: RegionTiming;
  /** How often topics and the own Kafka are looked at. */
  readonly probeEveryMs: number;
  readonly checkpointEveryMs: number;
  /** Pause between two looks when nothing is wrong and nobody has changed anything. */
  readonly idleMs: number;
  readonly nowMs?: () => number;
  /** A new one for each time that the lead is taken. */
  readonly companion?: (sightings: StrandedSightings) => LeadCompanion;
}
