import type { Region, Service, ShardId, Topology } from '#contracts';
import {
  migrate, openProjectionDatabase, runProjections, runtimeTables, tablesMigration, type ProjectionDatabase, type Projector, type ProjectorLog,
} from '#projections';
import { openSettledFeed, type LogCluster } from '#shard-log';
import { openCommandEmitter } from './command-emitter.ts';
import { processProjection, processTables, type ProcessHost } from './process-projection.ts';
import type { ProcessDefinition } from './process.ts';
import { startSweeper } from './sweeper.ts';
import { TraceMemory } from './trace-memory.ts';

export interface RunProcessManager<Event extends { readonly type: string }, State, Command extends { readonly type: string }> {
  readonly definition: ProcessDefinition<Event, State, Command>;
  /** Raised when the same events shall give other states. */
  readonly version: number;
  /** The services whose settled events it folds. */
  readonly services: readonly Service[];
  readonly catalogue: { decode(body: string): readonly Event[] };
  readonly here: Region;
  readonly topology: Topology;
  readonly cluster: LogCluster;
  readonly databaseUrl: string;
  /** Its own schema: states, checkpoint and parked records. */
  readonly schema: string;
  readonly ownerOf: (shard: ShardId) => Region | undefined;
  readonly onState?: (key: string, state: State) => void;
  /** Shared with whoever else emits commands that follow from the same events. Default: its own. */
  readonly traces?: TraceMemory;
  readonly log: ProjectorLog;
}

export interface RunningProcessManager {
  readonly projector: Projector;
  readonly database: ProjectionDatabase;
  stop(): Promise<void>;
}

/**
 * Folds the settled events of all regions and issues what the region's own shards must do next. One instance leads, the others
 * stand by; that two at once do no harm rests on the checkpoint's compare-and-set and on deciders that recognise repeats.
 */
export async function runProcessManager<Event extends { readonly type: string }, State, Command extends { readonly type: string }>(
  options: RunProcessManager<Event, State, Command>,
): Promise<RunningProcessManager> {
  const { definition, here, topology, cluster, databaseUrl: url, schema, log, traces = new TraceMemory() } = options;
  await migrate({ url, schema, migrations: [tablesMigration('ProcessTables1763700000000', [...runtimeTables, ...processTables])] });
  const database = openProjectionDatabase({
    url,
    schema,
    connectionsMax: 4,
    statementTimeoutMs: 30_000,
    onIdleError: (error) => log.warn({ error: error.message }, 'an idle connection broke'),
  });
  const emitter = await openCommandEmitter(cluster, `${definition.name}-commands`, traces);
  const host: ProcessHost<Event, State, Command> = {
    definition,
    version: options.version,
    emit: emitter.emit,
    owns: (shard) => options.ownerOf(shard) === here,
    now: () => new Date().toISOString(),
    onState: options.onState,
  };
  const projector = runProjections({
    database,
    definition: { name: definition.name, catalogue: options.catalogue, streams: undefined, projections: [processProjection(host)] },
    openFeed: (from, handlers) =>
      openSettledFeed({
        name: definition.name,
        paceMs: 10,
        here,
        topology: { regions: Object.keys(topology.regions) as Region[], partitions: topology.partitions },
        services: options.services,
        cluster,
        from,
        onBatch: (batch) => {
          traces.note(batch.commits);
          return handlers.onBatch(batch);
        },
        onUnreadable: () => undefined, // the service's own projector sets it aside and reports it
        onShardStopped: (shard, reason) => log.warn({ shard, reason }, 'the shard stands still: data was lost'),
        onStopped: handlers.onStopped,
      }),
    announceParked: () => Promise.resolve(), // the service's own projector announces it
    log,
  });
  const sweeper = startSweeper(host, {
    pool: database.pool,
    maySweep: () => projector.status().role === 'leader',
    onError: (error) => log.warn({ error: String(error) }, 'a sweep failed; the next one does its work'),
  });
  return {
    projector,
    database,
    stop: async () => {
      await sweeper.stop();
      await projector.stop();
      await emitter.close();
      await database.close();
    },
  };
}
