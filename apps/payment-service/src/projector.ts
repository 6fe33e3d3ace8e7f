import { startProjector } from '#projections';
import { runProcess } from '#service-kit';
import { paymentMigrations, paymentProjector, paymentSchema } from './payment-projector.definition.ts';

await runProcess('payment-projector', (parts) =>
  startProjector(parts, { service: 'payment', schema: paymentSchema, migrations: paymentMigrations, definition: paymentProjector }),
);
