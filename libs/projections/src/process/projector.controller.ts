import { Controller, Get, HttpCode, HttpStatus, Inject, Post } from '@nestjs/common';
import type { ChecksumsAnswer, RebuildAnswer } from '#contracts';
import { Public } from '#service-kit';
import type { RebuildJob } from './rebuild-job.ts';
import { projectorReport, type ProjectorReportOptions } from './projector-report.ts';

export const PROJECTOR_REPORT = Symbol('evenkeel:projector-report');
export const REBUILD_JOB = Symbol('evenkeel:rebuild-job');

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

  @Post('rebuild')
  @HttpCode(HttpStatus.ACCEPTED)
  rebuild(): RebuildAnswer {
    return this.#rebuildJob.start();
  }

  @Get('rebuild')
  rebuilt(): RebuildAnswer {
    return this.#rebuildJob.status();
  }
}
