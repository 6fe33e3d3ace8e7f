import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import type { Region, Topology } from '#contracts';
import { parkedModule, type ParkedRecords } from '#projections';
import { CLOCK, COMMAND_GATEWAY, REGION, systemClock, TOPOLOGY } from '#service-kit';
import type { CommandGateway } from '#shard-log';
import { inventoryReadControllers, inventoryReadProviders } from './inventory-reads.providers.ts';
import { stockWriteControllers, stockWriteProviders } from './stock-writes.providers.ts';

export interface InventoryModuleOptions {
  readonly region: Region;
  readonly topology: Topology;
  readonly gateway: CommandGateway;
  readonly reads: readonly Provider[];
  /** What the process manager of this process has parked. */
  readonly parked: ParkedRecords;
  /** Where other regions' agents hand commands over. */
  readonly internalCommands: DynamicModule;
}

@Module({})
export class InventoryModule {
  static with(options: InventoryModuleOptions): DynamicModule {
    return {
      module: InventoryModule,
      imports: [CqrsModule.forRoot(), parkedModule(options.parked), options.internalCommands],
      controllers: [...stockWriteControllers, ...inventoryReadControllers],
      providers: [
        ...stockWriteProviders,
        ...inventoryReadProviders,
        ...options.reads,
        { provide: REGION, useValue: options.region },
        { provide: TOPOLOGY, useValue: options.topology },
        { provide: CLOCK, useValue: systemClock },
        { provide: COMMAND_GATEWAY, useValue: options.gateway },
      ],
    };
  }
}
