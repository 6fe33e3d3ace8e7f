import { Controller, Get, Inject } from '@nestjs/common';
import type { AgentStatus } from './agent-status.ts';

export const agentStatus = Symbol('agent status');

@Controller('internal')
export class StatusController {
  readonly #status: () => AgentStatus;

  constructor(@Inject(agentStatus) status: () => AgentStatus) {
    this.#status = status;
  }

  @Get('status')
  status(): AgentStatus {
    return this.#status();
  }
}
