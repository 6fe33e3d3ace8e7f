import { Controller, Get, HttpCode, HttpStatus, Inject, Param, Post } from '@nestjs/common';
import type { ChecksumsAnswer, ParkedDecisionAnswer, ParkedListAnswer, RebuildAnswer } from '#contracts';
import { problem, Public } from '#service-kit';
import type { ParkedDecision } from '../decide-parked.ts';
import { listParked } from '../postgres/parked-table.ts';
import type { RebuildJob } from './rebuild-job.ts';
import { projectorReport, type ProjectorReportOptions } from './projector-report.ts';

export const PROJECTOR_REPORT = Symbol('evenkeel:projector-report');
export const REBUILD_JOB = Symbol('evenkeel:rebuild-job');

const parkedListMax = 500;

const refusals = {
  'already-decided': 'Somebody has decided about it before.',
  'only-withheld': 'It waits for another record, which is the one to decide about.',
  unreadable: 'Its headers cannot be read: it can be skipped, not read again.',
} as const;

/** For operators and `evenkeel status`, inside the region only: the edge forwards none of it. */
@Controller('internal')
@Public()
export class ProjectorController {
  readonly #options: ProjectorReportOptions;
  readonly #rebuildJob: RebuildJob;
  constructor(@Inject(PROJECTOR_REPORT) options: ProjectorReportOptions, @Inject(REBUILD_JOB) rebuildJob: RebuildJob) {
    this.#options = options;
    this.#rebuildJob = rebuildJob;
  }

  @Get('checksums')
  checksums(): Promise<ChecksumsAnswer> {
    return projectorReport(this.#options);
  }

  @Get('parked')
  async parked(): Promise<ParkedListAnswer> {
    const records = await listParked(this.#options.pool, parkedListMax);
    return { records: records.map((record) => ({ ...record, streams: [...record.streams] })) };
  }

  @Post('parked/:id/retry')
  @HttpCode(HttpStatus.OK)
  retry(@Param('id') id: string): Promise<ParkedDecisionAnswer> {
    return this.#decide(id, 'retry');
  }

  @Post('parked/:id/skip')
  @HttpCode(HttpStatus.OK)
  skip(@Param('id') id: string): Promise<ParkedDecisionAnswer> {
    return this.#decide(id, 'skip');
  }

  @Post('rebuild')
  @HttpCode(HttpStatus.ACCEPTED)
  rebuild(): RebuildAnswer {
    return this.#rebuildJob.start();
  }

  @Get('rebuild')
  rebuilt(): RebuildAnswer {
    return this.#rebuildJob.status();
  }

  async #decide(id: string, decision: ParkedDecision): Promise<ParkedDecisionAnswer> {
    const result = await this.#options.projector.decideParked(id, decision);
    if (result.outcome === 'decided') return { id, status: result.status, released: result.released, stillOpen: result.stillOpen };
    if (result.code === 'unknown-record') throw problem('not-found', { detail: `No record ${id} was parked here.` });
    throw problem('conflict', { detail: refusals[result.code] });
  }
}
