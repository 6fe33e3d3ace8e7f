import { openProjectionDatabase } from '#projections';
import { EtcdAgentRegistry, EtcdLineageStore, regionTimingSchema } from '#regions';
import { createServiceApp, createVerifier, listenOn, runProcess } from '#service-kit';
import { connectKafkaCluster } from '#shard-log';
import { AgentModule } from './agent.module.ts';
import { RegionHistory } from './history/region-history.ts';
import { PgCheckpointStore } from './receipts/checkpoint.store.ts';
import { RegionAgent } from './region.agent.ts';
import { Wishes } from './wishes/wishes.ts';

/** What no detection or procedure depends on; those numbers stand in `region-timing.ts`. */
const pace = {
  probeEveryMs: 1_000,
  checkpointEveryMs: 1_000,
  /** One small question to etcd each: a change wakes the agent at once. */
  idleMs: 500,
  statementTimeoutMs: 5_000,
} as const;

await runProcess('region-agent', async ({ config, lifecycle, health, log }) => {
  const { region, instance, topology, addresses, listen } = config;
  const timing = regionTimingSchema.parse(topology.timing ?? {});
  const etcd = { endpoints: addresses.etcd, deadlineMs: timing.etcdCallMs };

  const cluster = connectKafkaCluster({
    brokers: addresses.kafka.brokers,
    clientId: `region-agent-${instance}.${region}`,
    onTrouble: (what, error) => log.warn({ err: error, what }, 'kafka'),
  });
  await lifecycle.start('kafka', () => () => cluster.close());
  const database = openProjectionDatabase({
    url: addresses.postgres,
    schema: 'region_agent',
    connectionsMax: 2,
    statementTimeoutMs: pace.statementTimeoutMs,
    onIdleError: (error) => log.warn({ err: error }, 'postgres'),
  });
  await lifecycle.start('postgres', () => () => database.close());
  const [lineageStore, registry] = [new EtcdLineageStore(etcd), new EtcdAgentRegistry(etcd)];
  await lifecycle.start('etcd', () => async () => {
    await Promise.all([lineageStore.close(), registry.close()]);
  });
  const history = new RegionHistory({ cluster, log, region, instance });
  await lifecycle.start('history', () => (history.start(), () => history.close()));

  const agent = new RegionAgent({
    ...pace,
    here: region,
    instance,
    topology,
    cluster,
    lineageStore,
    registry,
    checkpoints: new PgCheckpointStore(database.pool),
    events: history,
    log,
    timing,
  });
  const wishes = new Wishes({ here: region, topology, registry, events: history });
  const app = await createServiceApp(AgentModule.with({ agent, wishes, history }), {
    log,
    health,
    verifier: createVerifier(topology.identity),
  });
  await lifecycle.start('http', () => listenOn(app, listen));
  await agent.start(lifecycle, health);
});
