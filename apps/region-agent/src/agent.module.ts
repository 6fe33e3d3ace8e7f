import { Module, type DynamicModule } from '@nestjs/common';
import { HistoryController, regionHistory } from './history/history.controller.ts';
import type { RegionHistory } from './history/region-history.ts';
import { listStranded, StrandedController, type ListStranded } from './stranded/stranded.controller.ts';
import { agentReads, StatusController, type AgentReads } from './status/status.controller.ts';
import type { Wishes } from './wishes/wishes.ts';
import { regionWishes, WishesController } from './wishes/wishes.controller.ts';

export interface AgentModuleParts {
  readonly agent: AgentReads;
  readonly wishes: Wishes;
  readonly history: RegionHistory;
  readonly listStranded: ListStranded;
}

@Module({})
export class AgentModule {
  static with({ agent, wishes, history, listStranded: list }: AgentModuleParts): DynamicModule {
    return {
      module: AgentModule,
      controllers: [StatusController, WishesController, HistoryController, StrandedController],
      providers: [
        { provide: agentReads, useValue: agent },
        { provide: regionWishes, useValue: wishes },
        { provide: regionHistory, useValue: history },
        { provide: listStranded, useValue: list },
      ],
    };
  }
}
