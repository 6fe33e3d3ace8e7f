import { startProjector } from '#projections';
import { runProcess } from '#service-kit';
import { orderMigrations, orderProjector, orderSchema } from './order-projector.definition.ts';

await runProcess('order-projector', (parts) =>
  startProjector(parts, { service: 'order', schema: orderSchema, migrations: orderMigrations, definition: orderProjector }),
);
