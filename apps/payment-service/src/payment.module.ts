import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import type { Region, Topology } from '#contracts';
import { REGION, TOPOLOGY } from '#service-kit';
import { paymentReadControllers, paymentReadProviders } from './payment-reads.providers.ts';

export interface PaymentModuleOptions {
  readonly region: Region;
  readonly topology: Topology;
  readonly reads: readonly Provider[];
}

/** Payments are commanded by the checkout and by the provider's answers: over HTTP they are only read. */
@Module({})
export class PaymentModule {
  static with(options: PaymentModuleOptions): DynamicModule {
    return {
      module: PaymentModule,
      imports: [CqrsModule.forRoot()],
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
