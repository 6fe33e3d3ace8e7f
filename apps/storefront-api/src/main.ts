import { createServiceApp, createVerifier, listenOn, runProcess } from '#service-kit';
import { connectKafkaCluster } from '#shard-log';
import { Forwarder } from './forward/forwarder.ts';
import { crossOrigin } from './forward/passed-headers.ts';
import { LineageOwners } from './owners/lineage-owners.ts';
import { requestLimitsDefault } from './rate-limit/request-limits.ts';
import { ServingWatch, servingWatchDefault } from './serving/serving-watch.ts';
import { StorefrontModule } from './storefront.module.ts';

await runProcess('storefront-api', async ({ config, lifecycle, health, log }) => {
  const { region, topology, addresses, instance, listen } = config;
  const verifier = createVerifier(topology.identity);
  const cluster = connectKafkaCluster({ brokers: addresses.kafka.brokers, clientId: `storefront-api-${region}-${instance}` });
  await lifecycle.start('kafka', () => () => cluster.close());
  const owners = new LineageOwners({
    partitions: topology.partitions,
    cluster,
    onTrouble: (message, error) => log.warn({ error: String(error) }, message),
  });
  await lifecycle.start('owners', () => {
    owners.start();
    return () => owners.close();
  });
  const serving = new ServingWatch({ agentUrls: addresses.services.agent, ...servingWatchDefault });
  await lifecycle.start('serving', () => {
    serving.start();
    return () => serving.stop();
  });
  // Only at the start: an edge that has not heard from its region's agents yet would refuse the first writes.
  health.addReady('agents', () => (serving.hasHeard ? { ok: true } : { ok: false, detail: 'no agent has answered yet' }));
  const module = StorefrontModule.with({ region, topology, verifier, owners, serving, limits: requestLimitsDefault });
  const app = await createServiceApp(module, { log, health, verifier, bodies: 'raw', crossOrigin });
  await lifecycle.start('forwarder', () => () => app.get(Forwarder).close());
  await lifecycle.start('http', () => listenOn(app, listen));
});
