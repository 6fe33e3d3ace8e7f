import { openProjectionDatabase } from '#projections';
import { AgentLease, EtcdLineageStore } from '#regions';
import { createServiceApp, listenOn, runProcess } from '#service-kit';
import { connectKafkaCluster } from '#shard-log';
import { AgentModule } from './agent.module.ts';
import { PgCheckpointStore } from './receipts/checkpoint.store.ts';
import { RegionAgent } from './region.agent.ts';

const timing = {
  etcdDeadlineMs: 2_000,
  leaseTtlSeconds: 5,
  probeEveryMs: 2_000,
  /** A reader whose mirror came late waits at most this long for the receipts of quiet shards. */
  repeatEveryMs: 3_000,
  checkpointEveryMs: 1_000,
  statementTimeoutMs: 5_000,
} as const;

await runProcess('region-agent', async ({ config, lifecycle, health, log }) => {
  const { region, topology, addresses, listen } = config;
  const etcd = { endpoints: addresses.etcd, deadlineMs: timing.etcdDeadlineMs };

  const cluster = connectKafkaCluster({
    brokers: addresses.kafka.brokers,
    clientId: `region-agent.${region}`,
    onTrouble: (what, error) => log.warn({ err: error, what }, 'kafka'),
  });
  await lifecycle.start('kafka', () => () => cluster.close());
  const database = openProjectionDatabase({
    url: addresses.postgres,
    schema: 'region_agent',
    connectionsMax: 2,
    statementTimeoutMs: timing.statementTimeoutMs,
    onIdleError: (error) => log.warn({ err: error }, 'postgres'),
  });
  await lifecycle.start('postgres', () => () => database.close());
  const lineageStore = new EtcdLineageStore(etcd);
  await lifecycle.start('etcd', () => () => lineageStore.close());

  const agent = new RegionAgent({
    here: region,
    topology,
    cluster,
    lineageStore,
    checkpoints: new PgCheckpointStore(database.pool),
    log,
    probeEveryMs: timing.probeEveryMs,
    repeatEveryMs: timing.repeatEveryMs,
    checkpointEveryMs: timing.checkpointEveryMs,
  });
  const app = await createServiceApp(
    AgentModule.with(() => agent.status()),
    { log, health, verifier: undefined },
  );
  await lifecycle.start('http', () => listenOn(app, listen));
  await agent.start(lifecycle, health);
  await lifecycle.start('lease', () => {
    let held = 'not held';
    // Nothing depends on it yet but a takeover by the other region, so the agent is ready without it.
    health.addReady('lease', () => ({ ok: true, detail: held }));
    const lease = new AgentLease({
      ...etcd,
      region,
      ttlSeconds: timing.leaseTtlSeconds,
      onHeld: (is, reason) => {
        held = is ? 'held' : `not held: ${reason ?? 'closed'}`;
        log.info({ held: is, reason }, 'lease');
      },
    });
    lease.start();
    return () => lease.close();
  });
});
