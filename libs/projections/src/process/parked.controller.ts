import { Controller, type DynamicModule, Get, HttpCode, HttpStatus, Inject, Module, Param, Post } from '@nestjs/common';
import type { ParkedDecisionAnswer, ParkedListAnswer } from '#contracts';
import { problem, Public } from '#service-kit';
import type { ParkedDecision } from '../decide-parked.ts';
import type { ParkedRecords } from './parked-records.ts';

const PARKED_RECORDS = Symbol('evenkeel:parked-records');

const refusals = {
  'already-decided': 'Somebody has decided about it before.',
  'only-withheld': 'It waits for another record, which is the one to decide about.',
  unreadable: 'Its headers cannot be read: it can be skipped, not read again.',
} as const;

/** What this process's reader has parked. For operators, inside the region only: the edge forwards none of it. */
@Controller('internal/parked')
@Public()
export class ParkedController {
  readonly #records: ParkedRecords;
  constructor(@Inject(PARKED_RECORDS) records: ParkedRecords) {
    this.#records = records;
  }

  @Get()
  async parked(): Promise<ParkedListAnswer> {
    const records = await this.#records.list();
    return { records: records.map((record) => ({ ...record, streams: [...record.streams] })) };
  }

  @Post(':id/retry')
  @HttpCode(HttpStatus.OK)
  retry(@Param('id') id: string): Promise<ParkedDecisionAnswer> {
    return this.#decide(id, 'retry');
  }

  @Post(':id/skip')
  @HttpCode(HttpStatus.OK)
  skip(@Param('id') id: string): Promise<ParkedDecisionAnswer> {
    return this.#decide(id, 'skip');
  }

  async #decide(id: string, decision: ParkedDecision): Promise<ParkedDecisionAnswer> {
    const result = await this.#records.decide(id, decision);
    if (result.outcome === 'decided') return { id, status: result.status, released: result.released, stillOpen: result.stillOpen };
    if (result.code === 'unknown-record') throw problem('not-found', { detail: `No record ${id} was parked here.` });
    throw problem('conflict', { detail: refusals[result.code] });
  }
}

@Module({})
class ParkedModule {}

/** Serves `/internal/parked` of one reader: at most one in a process. */
export const parkedModule = (records: ParkedRecords): DynamicModule => ({
  module: ParkedModule,
  controllers: [ParkedController],
  providers: [{ provide: PARKED_RECORDS, useValue: records }],
});
