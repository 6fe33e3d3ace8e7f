import { paymentCommandSchema, paymentEvents } from '#contracts';
import { openServiceReads, startPart, startShardService } from '#service-host';
import { createServiceApp, createVerifier, listenOn, runProcess } from '#service-kit';
import { startProviderCalls } from './call-provider/call-provider.ts';
import { paymentDecider } from './domain/payment.ts';
import { paymentMigrations, paymentProjector, paymentSchema, paymentStateVersion } from './payment-projector.definition.ts';
import { paymentReadEntities } from './payment-reads.providers.ts';
import { PaymentModule } from './payment.module.ts';

await runProcess('payment-service', async (parts) => {
  const { config, lifecycle, health, log } = parts;
  const { region, topology, addresses, listen } = config;
  const { cluster, database, writers, internalCommands } = await startShardService(parts, {
    service: 'payment',
    decider: paymentDecider,
    catalogue: paymentEvents,
    parseCommand: (command) => paymentCommandSchema.parse(command),
    schema: paymentSchema,
    projector: paymentProjector.name,
    stateVersion: paymentStateVersion,
  });
  const reads = await openServiceReads(parts, {
    service: 'payment',
    database,
    entities: paymentReadEntities,
    migrations: paymentMigrations,
  });
  const calls = await startPart(parts, 'provider-calls', () =>
    startProviderCalls({
      here: region,
      topology,
      cluster,
      databaseUrl: addresses.postgres,
      ownerOf: (shard) => writers.ownerOf(shard),
      onOwnersChanged: (listener) => writers.onOwnersChanged(listener),
      log,
    }),
  );
  const module = PaymentModule.with({ region, topology, reads: reads.providers, parked: calls.parked, internalCommands });
  const app = await createServiceApp(module, { log, health, verifier: createVerifier(topology.identity) });
  await lifecycle.start('http', () => listenOn(app, listen));
});
