import { Controller, Get, HttpCode, HttpStatus, Inject, Post } from '@nestjs/common';
import type { ChecksumsAnswer, RebuildAnswer, RebuildUndoneAnswer } from '#contracts';
import { problem, Public } from '#service-kit';
import { BusyTablesError, type UndoOutcome } from '../postgres/swap-schemas.ts';
import type { RebuildJob } from './rebuild-job.ts';
import { projectorReport, type ProjectorReportOptions } from './projector-report.ts';

export const PROJECTOR_REPORT = Symbol('evenkeel:projector-report');
export const REBUILDS = Symbol('evenkeel:rebuilds');

export interface Rebuilds {
  readonly rebuildJob: RebuildJob;
  /** Takes the tables that the last one replaced back. @throws BusyTablesError */
  undo(): Promise<UndoOutcome>;
}

const undoRefusals = {
  'nothing-to-undo': 'No rebuild has left tables to go back to.',
  'other-definition': 'The tables that the last rebuild replaced are of another version: started again, that version takes them back.',
} as const;

/** For operators and `evenkeel status`, inside the region only: the edge forwards none of it. */
@Controller('internal')
@Public()
export class ProjectorController {
  readonly #options: ProjectorReportOptions;
  readonly #rebuilds: Rebuilds;
  constructor(@Inject(PROJECTOR_REPORT) options: ProjectorReportOptions, @Inject(REBUILDS) rebuilds: Rebuilds) {
    this.#options = options;
    this.#rebuilds = rebuilds;
  }

  @Get('checksums')
  checksums(): Promise<ChecksumsAnswer> {
    return projectorReport(this.#options);
  }

  @Post('rebuild')
  @HttpCode(HttpStatus.ACCEPTED)
  rebuild(): RebuildAnswer {
    return this.#rebuilds.rebuildJob.start();
  }

  @Get('rebuild')
  rebuilt(): RebuildAnswer {
    return this.#rebuilds.rebuildJob.status();
  }

  @Post('rebuild/undo')
  @HttpCode(HttpStatus.OK)
  async undo(): Promise<RebuildUndoneAnswer> {
    const { rebuildJob, undo } = this.#rebuilds;
    if (rebuildJob.status().state === 'running') throw problem('conflict', { detail: 'A rebuild is running.' });
    const outcome = await undo().catch((error: unknown) => {
      if (!(error instanceof BusyTablesError)) throw error;
      throw problem('unavailable', { detail: 'The tables are being read.', headers: { 'retry-after': '1' }, cause: error });
    });
    if (outcome !== 'undone') throw problem('conflict', { detail: undoRefusals[outcome] });
    return { projector: this.#options.name, undone: true };
  }
}
