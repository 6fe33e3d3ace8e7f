import { inventoryCommandSchema, inventoryEvents } from '#contracts';
import { runProcessManager } from '#process-manager';
import { openServiceReads, startPart, startShardService } from '#service-host';
import { createServiceApp, createVerifier, listenOn, runProcess } from '#service-kit';
import { inventoryDecider } from './domain/inventory.ts';
import { transfersProcess } from './domain/transfers.ts';
import { inventoryMigrations, inventoryProjector, inventorySchema, inventoryStateVersion } from './inventory-projector.definition.ts';
import { inventoryReadEntities } from './inventory-reads.providers.ts';
import { InventoryModule } from './inventory.module.ts';

/** Raised when the same events shall give other transfer states: they are then folded anew. */
const transfersVersion = 1;

await runProcess('inventory-service', async (parts) => {
  const { config, lifecycle, health, log } = parts;
  const { region, topology, addresses, listen } = config;
  const { cluster, database, writers, internalCommands } = await startShardService(parts, {
    service: 'inventory',
    decider: inventoryDecider,
    catalogue: inventoryEvents,
    parseCommand: (command) => inventoryCommandSchema.parse(command),
    schema: inventorySchema,
    projector: inventoryProjector.name,
    stateVersion: inventoryStateVersion,
  });
  const reads = await openServiceReads(parts, {
    service: 'inventory',
    database,
    entities: inventoryReadEntities,
    migrations: inventoryMigrations,
  });
  const transfers = await startPart(parts, 'transfers', () =>
    runProcessManager({
      definition: transfersProcess(topology),
      version: transfersVersion,
      services: ['inventory'],
      catalogue: inventoryEvents,
      here: region,
      topology,
      cluster,
      databaseUrl: addresses.postgres,
      schema: 'inventory_transfers',
      ownerOf: (shard) => writers.ownerOf(shard),
      onOwnersChanged: (listener) => writers.onOwnersChanged(listener),
      log,
    }),
  );
  const module = InventoryModule.with({
    region,
    topology,
    gateway: writers.gateway,
    reads: reads.providers,
    parked: transfers.parked,
    internalCommands,
  });
  const app = await createServiceApp(module, { log, health, verifier: createVerifier(topology.identity) });
  await lifecycle.start('http', () => listenOn(app, listen));
});
