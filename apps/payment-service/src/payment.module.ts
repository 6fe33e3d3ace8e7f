import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import type { Region, Topology } from '#contracts';
import { parkedModule, type ParkedRecords } from '#projections';
import { REGION, TOPOLOGY } from '#service-kit';
import { paymentReadControllers, paymentReadProviders } from './payment-reads.providers.ts';

export interface PaymentModuleOptions {
  readonly region: Region;
  readonly topology: Topology;
  readonly reads: readonly Provider[];
  /** What the process manager of this process has parked. */
  readonly parked: ParkedRecords;
  /** Where other regions' agents hand commands over. */
  readonly internalCommands: DynamicModule;
}

/** Payments are commanded by the checkout and by the provider's answers: over HTTP they are only read. */
@Module({})
export class PaymentModule {
  static with(options: PaymentModuleOptions): DynamicModule {
    return {
      module: PaymentModule,
      imports: [CqrsModule.forRoot(), parkedModule(options.parked), options.internalCommands],
      controllers: [...paymentReadControllers],
      providers: [
        ...paymentReadProviders,
        ...options.reads,
        { provide: REGION, useValue: options.region },
        { provide: TOPOLOGY, useValue: options.topology },
      ],
    };
  }
}
