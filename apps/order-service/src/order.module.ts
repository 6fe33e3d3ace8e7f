import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import type { Region, Topology } from '#contracts';
import { parkedModule, type ParkedRecords } from '#projections';
import { CLOCK, COMMAND_GATEWAY, REGION, systemClock, TOPOLOGY } from '#service-kit';
import type { CommandGateway } from '#shard-log';
import { orderReadControllers, orderReadProviders } from './order-reads.providers.ts';
import { orderWriteControllers, orderWriteProviders } from './order-writes.providers.ts';
import { CATALOGUE, type Catalogue } from './place-order/catalogue.port.ts';
import { ORDER_OUTCOMES, type OrderOutcomes } from './place-order/order-outcomes.port.ts';

export interface OrderModuleOptions {
  readonly region: Region;
  readonly topology: Topology;
  readonly gateway: CommandGateway;
  readonly catalogue: Catalogue;
  readonly outcomes: OrderOutcomes;
  readonly reads: readonly Provider[];
  /** What the process manager of this process has parked. */
  readonly parked: ParkedRecords;
  /** Where other regions' agents hand commands over. */
  readonly internalCommands: DynamicModule;
}

@Module({})
export class OrderModule {
  static with(options: OrderModuleOptions): DynamicModule {
    return {
      module: OrderModule,
      imports: [CqrsModule.forRoot(), parkedModule(options.parked), options.internalCommands],
      controllers: [...orderWriteControllers, ...orderReadControllers],
      providers: [
        ...orderWriteProviders,
        ...orderReadProviders,
        ...options.reads,
        { provide: REGION, useValue: options.region },
        { provide: TOPOLOGY, useValue: options.topology },
        { provide: CLOCK, useValue: systemClock },
        { provide: COMMAND_GATEWAY, useValue: options.gateway },
        { provide: CATALOGUE, useValue: options.catalogue },
        { provide: ORDER_OUTCOMES, useValue: options.outcomes },
      ],
    };
  }
}
