import { Controller, Get, Inject } from '@nestjs/common';
import { historyQuerySchema, type HistoryAnswer } from '#contracts';
import { Public, ZodQuery } from '#service-kit';
import type { z } from 'zod';
import type { RegionHistory } from './region-history.ts';

export const regionHistory = Symbol('RegionHistory');

/** Who may reach the agent may read what happened to the region: it names no customer. */
@Controller()
@Public()
export class HistoryController {
  readonly #history: RegionHistory;

  constructor(@Inject(regionHistory) history: RegionHistory) {
    this.#history = history;
  }

  @Get('history')
  newest(@ZodQuery(historyQuerySchema) { limit }: z.output<typeof historyQuerySchema>): HistoryAnswer {
    return { entries: [...this.#history.newest(limit)] };
  }
}
