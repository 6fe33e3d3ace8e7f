import process from 'node:process';
import { regionsOf } from '#contracts';
import { openProjectionDatabase } from '#projections';
import { EtcdAgentRegistry, EtcdLeadership, EtcdLineageStore, regionTimingSchema } from '#regions';
import { createServiceApp, createVerifier, listenOn, runProcess } from '#service-kit';
import { connectKafkaCluster } from '#shard-log';
import { AgentModule } from './agent.module.ts';
import { RegionHistory } from './history/region-history.ts';
import { PgCheckpointStore } from './receipts/checkpoint.store.ts';
import { keepEtcdLedOutside } from './lead/keep-etcd-led-outside.ts';
import { webhookFrom } from './notify/webhook.config.ts';
import { WebhookNotifier } from './notify/webhook.notifier.ts';
import { RegionAgent } from './region.agent.ts';
import { strandedParts } from './stranded/stranded.parts.ts';
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
    connectionsMax: 3,
    statementTimeoutMs: pace.statementTimeoutMs,
    onIdleError: (error) => log.warn({ err: error }, 'postgres'),
  });
  await lifecycle.start('postgres', () => () => database.close());
  const [lineageStore, registry] = [new EtcdLineageStore(etcd), new EtcdAgentRegistry(etcd)];
  await lifecycle.start('etcd', () => async () => {
    await Promise.all([lineageStore.close(), registry.close()]);
  });
  const leadership = new EtcdLeadership({ ownMember: addresses.etcd[0]!, regions: regionsOf(topology), deadlineMs: timing.etcdCallMs });
  await lifecycle.start('lead of etcd', () => {
    const keeping = keepEtcdLedOutside(leadership, log);
    return () => keeping.stop();
  });
  const webhook = webhookFrom(process.env);
  const notifier = webhook && new WebhookNotifier({ ...webhook, log });
  await lifecycle.start('notifications', () => () => notifier?.close());
  const history = new RegionHistory({ cluster, log, region, instance, onEntry: (entry) => notifier?.notify(entry) });
  await lifecycle.start('history', () => (history.start(), () => history.close()));
  const stranded = strandedParts({ here: region, topology, cluster, pool: database.pool, env: process.env, events: history, log });

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
    companion: stranded.companion,
  });
  const wishes = new Wishes({
    here: region,
    topology,
    registry,
    events: history,
    onPromotionAnnounced: () => agent.holdForPromotion(),
  });
  const app = await createServiceApp(AgentModule.with({ agent, wishes, history, listStranded: stranded.list }), {
    log,
    health,
    verifier: createVerifier(topology.identity),
  });
  await lifecycle.start('http', () => listenOn(app, listen));
  await agent.start(lifecycle, health);
});
