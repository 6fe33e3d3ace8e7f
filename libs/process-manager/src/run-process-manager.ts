import type { Region, Service, ShardId, Topology } from '#contracts';
import {
  migrate,
  openProjectionDatabase,
  ParkedTopic,
  parkedRecords,
  readProgress,
  runProjections,
  runtimeTables,
  tablesMigration,
  type OpenFeed,
  type ParkedRecords,
  type ProjectionDatabase,
  type Projector,
  type ProjectorLog,
} from '#projections';
import { openSettledFeed, type LogCluster } from '#shard-log';
import { CatchUp, endsOf, topicsOf } from './catch-up.ts';
import { openCommandEmitter } from './command-emitter.ts';
import { Leadership } from './leadership.ts';
import { processProjection, processTables, type ProcessHost } from './process-projection.ts';
import type { ProcessDefinition } from './process.ts';
import { startSweeper, type SweepPace } from './sweeper.ts';
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
  /** Calls back when `ownerOf` answers otherwise for some shard: what its processes need is then stated at once. Returns how to stop it. */
  readonly onOwnersChanged: (listener: () => void) => () => void;
  /** Told of every state that moved or was swept, while this instance leads and has caught up. */
  readonly onState?: (key: string, state: State) => void;
  /** This instance does not lead any more: another one is told of the states now. */
  readonly onDeposed?: () => void;
  /** Shared with whoever else emits commands that follow from the same events. Default: its own. */
  readonly traces?: TraceMemory;
  readonly sweepPace?: Partial<SweepPace>;
  readonly log: ProjectorLog;
}

/** Shorter than a projector's: an order waits for its process several times, each time half of such a rest on average. After a pause the first event is reacted to at once. */
const pace = { intervalMs: 30, restMaxMs: 100 };

/** Longer than a mirror's usual delay: what is held back longer by a cut link does not hold up the rest. */
const heldBackMs = 10_000;

export interface RunningProcessManager {
  readonly projector: Projector;
  readonly database: ProjectionDatabase;
  /** What it could not read: it waits for a decision like what a projector has parked, under ids that begin with its name. */
  readonly parked: ParkedRecords;
  stop(): Promise<void>;
}

/**
 * Folds the settled events of all regions and issues what the region's own shards must do next. One instance leads, the others
 * stand by; that two at once do no harm rests on the checkpoint's compare-and-set and on deciders that recognise repeats.
 */
export async function runProcessManager<Event extends { readonly type: string }, State, Command extends { readonly type: string }>(
  options: RunProcessManager<Event, State, Command>,
): Promise<RunningProcessManager> {
  const { definition, here, cluster, databaseUrl: url, schema, log, traces = new TraceMemory() } = options;
  const migrations = [tablesMigration('ProcessTables1763700000000', [...runtimeTables, ...processTables])];
  await migrate({ url, schema, migrations });
  const database = openProjectionDatabase({
    url,
    schema,
    connectionsMax: 4,
    statementTimeoutMs: 30_000,
    onIdleError: (error) => log.warn({ error: error.message }, 'an idle connection broke'),
  });
  const emitter = await openCommandEmitter(cluster, `${definition.name}-commands`, traces);
  const now = (): string => new Date().toISOString();
  const leadership = new Leadership(now, () => options.onDeposed?.());
  const host: ProcessHost<Event, State, Command> = {
    definition,
    version: options.version,
    emit: emitter.emit,
    mode: () => leadership.mode,
    owns: (shard) => options.ownerOf(shard) === here,
    now,
    onState: (key, state) => {
      if (leadership.mode !== 'nothing') options.onState?.(key, state);
    },
  };
  const parkedLog = new ParkedTopic(cluster, { name: `${definition.name}-parked`, reader: definition.name });
  const projector = runProjections({
    database,
    definition: { name: definition.name, catalogue: options.catalogue, streams: undefined, projections: [processProjection(host)] },
    openFeed: leadingFeed(options, traces, database, leadership),
    parkedLog,
    retryParked: true,
    prepare: () => migrate({ url, schema, migrations }), // a lost PostgreSQL comes back empty
    pace,
    log,
  });
  const sweeper = startSweeper(host, {
    pool: database.pool,
    leadership,
    ...(options.sweepPace === undefined ? {} : { pace: options.sweepPace }),
    onError: (error) => log.warn({ error: String(error) }, 'a sweep failed; the next one does its work'),
  });
  const stopListening = options.onOwnersChanged(() => {
    leadership.ownersChanged();
    sweeper.hurry();
  });
  return {
    projector,
    database,
    parked: parkedRecords({ pool: database.pool, projector, reader: definition.name }),
    stop: async () => {
      stopListening();
      await sweeper.stop();
      await projector.stop();
      await parkedLog.close();
      await emitter.close();
      await database.close();
    },
  };
}

/** A leadership begins with its feed, behind the logs' ends as they are now, and ends with it. */
function leadingFeed<Event extends { readonly type: string }, State, Command extends { readonly type: string }>(
  { definition, here, topology, services, cluster, log }: RunProcessManager<Event, State, Command>,
  traces: TraceMemory,
  database: ProjectionDatabase,
  leadership: Leadership,
): OpenFeed {
  const regions = Object.keys(topology.regions) as Region[];
  return async (from, handlers) => {
    const ends = await endsOf(cluster, topicsOf(here, regions, services));
    const handedOver: Record<ShardId, number> = {};
    const feed = await openSettledFeed({
      name: definition.name,
      restMs: (records) => handlers.restMs(records),
      here,
      topology: { regions, partitions: topology.partitions },
      services,
      cluster,
      from,
      onBatch: (batch) => {
        traces.note(batch.commits);
        Object.assign(handedOver, batch.moved);
        return handlers.onBatch(batch);
      },
      onUnreadable: () => undefined, // the service's own projector sets it aside and reports it
      onShardStopped: (shard, reason) => log.warn({ shard, reason }, 'the shard stands still: data was lost'),
      onStopped: handlers.onStopped,
    });
    leadership.begin(
      new CatchUp({
        ends,
        nextOffset: (topic, partition) => feed.nextOffset(topic, partition),
        handedOver: () => handedOver,
        stored: () => readProgress(database.pool),
        nowMs: () => performance.now(),
        heldBackMs,
      }),
    );
    return {
      stoppedShards: () => feed.stoppedShards(),
      nextOffset: (topic, partition) => feed.nextOffset(topic, partition),
      close: () => {
        leadership.end();
        return feed.close();
      },
    };
  };
}
