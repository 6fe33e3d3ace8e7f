import { Module, type DynamicModule } from '@nestjs/common';
import type { AgentStatus } from './status/agent-status.ts';
import { agentStatus, StatusController } from './status/status.controller.ts';

@Module({})
export class AgentModule {
  static with(status: () => AgentStatus): DynamicModule {
    return { module: AgentModule, controllers: [StatusController], providers: [{ provide: agentStatus, useValue: status }] };
  }
}
