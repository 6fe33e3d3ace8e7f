import { allEvents, orderCommandSchema, orderEvents } from '#contracts';
import { runProcessManager } from '#process-manager';
import { openServiceReads, startPart, startShardService } from '#service-host';
import { createServiceApp, createVerifier, listenOn, runProcess } from '#service-kit';
import { checkoutProcess } from './domain/checkout.ts';
import { orderDecider } from './domain/order.ts';
import { SettledOrderOutcomes } from './order-outcomes/settled-order-outcomes.ts';
import { ShownOutcomes } from './order-outcomes/shown-outcomes.ts';
import { orderMigrations, orderProjector, orderSchema, orderStateVersion } from './order-projector.definition.ts';
import { OrderMetrics } from './order-metrics.ts';
import { orderReadEntities } from './order-reads.providers.ts';
import { OrderModule } from './order.module.ts';
import { HttpCatalogue } from './place-order/http-catalogue.ts';

/** Raised when the same events shall give other checkout states: they are then folded anew. */
const checkoutVersion = 1;

await runProcess('order-service', async (parts) => {
  const { config, lifecycle, health, log } = parts;
  const { region, topology, addresses, listen } = config;
  const orderMetrics = new OrderMetrics();
  let outcomes: SettledOrderOutcomes | undefined; // nobody watches an order before HTTP is served
  const { cluster, database, writers, internalCommands } = await startShardService(parts, {
    service: 'order',
    decider: orderDecider,
    catalogue: orderEvents,
    parseCommand: (command) => orderCommandSchema.parse(command),
    schema: orderSchema,
    projector: orderProjector.name,
    stateVersion: orderStateVersion,
    onSettled: (settled) => outcomes?.note(settled),
    onOwnSettled: (events) => orderMetrics.settled(events),
  });
  const reads = await openServiceReads(parts, { service: 'order', database, entities: orderReadEntities, migrations: orderMigrations });
  outcomes = new SettledOrderOutcomes(new ShownOutcomes(reads.source));
  const checkout = await startPart(parts, 'checkout', () =>
    runProcessManager({
      definition: checkoutProcess(topology),
      version: checkoutVersion,
      services: ['order', 'inventory', 'payment'],
      catalogue: allEvents,
      here: region,
      topology,
      cluster,
      databaseUrl: addresses.postgres,
      schema: 'order_checkout',
      ownerOf: (shard) => writers.ownerOf(shard),
      onOwnersChanged: (listener) => writers.onOwnersChanged(listener),
      log,
    }),
  );
  const catalogue = new HttpCatalogue({
    inventoryUrls: addresses.services.inventory,
    freshMs: 2_000,
    timeoutMs: 3_000,
    rememberedMax: 20_000,
  });
  await lifecycle.start('prices', () => {
    const keeping = setInterval(() => void catalogue.keepFresh(), catalogue.keepFreshEveryMs);
    return () => clearInterval(keeping);
  });
  const module = OrderModule.with({
    region,
    topology,
    gateway: writers.gateway,
    catalogue,
    outcomes,
    reads: reads.providers,
    parked: checkout.parked,
    internalCommands,
  });
  const app = await createServiceApp(module, { log, health, verifier: createVerifier(topology.identity) });
  await lifecycle.start('http', () => listenOn(app, listen));
});
