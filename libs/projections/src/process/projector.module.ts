import { type DynamicModule, Module } from '@nestjs/common';
import { PROJECTOR_REPORT, ProjectorController, REBUILD_JOB } from './projector.controller.ts';
import type { ProjectorReportOptions } from './projector-report.ts';
import type { RebuildJob } from './rebuild-job.ts';

@Module({})
class ProjectorModule {}

export const projectorModule = (report: ProjectorReportOptions, rebuildJob: RebuildJob): DynamicModule => ({
  module: ProjectorModule,
  controllers: [ProjectorController],
  providers: [
    { provide: PROJECTOR_REPORT, useValue: report },
    { provide: REBUILD_JOB, useValue: rebuildJob },
  ],
});
