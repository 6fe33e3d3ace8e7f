import { paymentEvents, type PaymentEvent } from '#contracts';
import type { ProjectorDefinition } from '#projections';
import { paymentDecider, type PaymentState } from './domain/payment.ts';
import { paymentsProjection } from './get-payment/payment.projection.ts';
import { PaymentTables } from './migrations/payment-tables.migration.ts';

export const paymentSchema = 'payment_service';
export const paymentMigrations = [PaymentTables];

/** Version of `PaymentState` as JSON: raise it with every change of its shape. The writer's snapshots name the same. */
export const paymentStateVersion = 1;

export const paymentProjector: ProjectorDefinition<PaymentEvent, PaymentState> = {
  name: 'payment',
  catalogue: paymentEvents,
  streams: {
    stateVersion: paymentStateVersion,
    streamsChangedBy: paymentDecider.streamsChangedBy,
    initialState: paymentDecider.initialState,
    evolve: paymentDecider.evolve,
  },
  projections: [paymentsProjection],
};
