import type { Logger } from 'pino';
import type { Pool } from 'pg';
import { regionsOf, type Region, type StrandedCommit, type Topology } from '#contracts';
import { connectKafkaCluster, type LogCluster } from '#shard-log';
import type { RegionEvents } from '../region-events.port.ts';
import { Reseed } from '../reseed/reseed.ts';
import { agentTokenFrom } from './agent-token.ts';
import { HttpCommandOffers } from './http-command-offers.ts';
import { StrandedOffers } from './stranded-offers.ts';
import { StrandedSightings } from './stranded-sightings.ts';
import { PgStrandedStore } from './stranded.store.ts';

export interface StrandedPartsOptions {
  readonly here: Region;
  readonly topology: Topology;
  readonly cluster: LogCluster;
  readonly pool: Pool;
  readonly env: NodeJS.ProcessEnv;
  readonly events: RegionEvents;
  readonly log: Logger;
}

/** Longer than the owner's own deadline for a decision, so that its answer is heard. */
const offerTimeoutMs = 12_000;

/** The real adapters around `StrandedOffers`: one for each time that the lead is taken, and the list for whoever asks this instance. */
export function strandedParts({ here, topology, cluster, pool, env, events, log }: StrandedPartsOptions): {
  readonly companion: (sightings: StrandedSightings) => StrandedOffers;
  readonly list: () => Promise<readonly StrandedCommit[]>;
} {
  const http = new HttpCommandOffers({ here, topology, token: agentTokenFrom(env), timeoutMs: offerTimeoutMs });
  const reseed = new Reseed({ here, cluster, connect: (other) => connectTo(topology, here, other, log), events, log });
  const companion = (sightings: StrandedSightings): StrandedOffers =>
    new StrandedOffers({
      here,
      topology: { regions: regionsOf(topology), partitions: topology.partitions },
      cluster,
      store: new PgStrandedStore(pool),
      offers: http,
      products: http,
      reseed,
      sightings,
      events,
      log,
    });
  let newest = companion(new StrandedSightings()); // a standby's: never started, it tells what is remembered
  return { companion: (sightings) => (newest = companion(sightings)), list: () => newest.list() };
}

function connectTo(topology: Topology, here: Region, other: Region, log: Logger): LogCluster | undefined {
  const kafka = topology.regions[here]?.peers[other]?.kafka;
  if (kafka === undefined) return undefined;
  const onTrouble = (what: string, error: Error): void => log.warn({ err: error, what, region: other }, 'kafka of another region');
  return connectKafkaCluster({ brokers: kafka.brokers, clientId: `region-agent.${here}.reseed`, onTrouble });
}
