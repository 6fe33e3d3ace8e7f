import { Controller, Get, HttpStatus, Inject, Res } from '@nestjs/common';
import type { AgentStatus, Serving } from '#contracts';
import { Public } from '#service-kit';
import type { FastifyReply } from 'fastify';

export const agentReads = Symbol('AgentReads');

export interface AgentReads {
  status(): AgentStatus;
  serving(): Serving;
}

/** Who may reach the agent may see how it stands: it names no customer. */
@Controller()
@Public()
export class StatusController {
  readonly #agent: AgentReads;

  constructor(@Inject(agentReads) agent: AgentReads) {
    this.#agent = agent;
  }

  @Get(['status', 'internal/status'])
  status(): AgentStatus {
    return this.#agent.status();
  }

  /** 200 while clients should come to this region, else 503: asked several times a second by its edge. */
  @Get('serving')
  serving(@Res({ passthrough: true }) reply: FastifyReply): Serving {
    const serving = this.#agent.serving();
    void reply.status(serving.serving ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE).header('cache-control', 'no-store');
    return serving;
  }
}
