import { startProjector } from '#projections';
import { runProcess } from '#service-kit';
import { inventoryMigrations, inventoryProjector, inventorySchema } from './inventory-projector.definition.ts';

await runProcess('inventory-projector', (parts) =>
  startProjector(parts, { service: 'inventory', schema: inventorySchema, migrations: inventoryMigrations, definition: inventoryProjector }),
);
