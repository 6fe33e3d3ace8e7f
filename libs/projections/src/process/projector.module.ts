import { type DynamicModule, Module } from '@nestjs/common';
import { parkedModule } from './parked.controller.ts';
import { parkedRecords } from './parked-records.ts';
import { PROJECTOR_REPORT, ProjectorController, REBUILD_JOB } from './projector.controller.ts';
import type { ProjectorReportOptions } from './projector-report.ts';
import type { RebuildJob } from './rebuild-job.ts';

@Module({})
class ProjectorModule {}

export const projectorModule = (report: ProjectorReportOptions, rebuildJob: RebuildJob): DynamicModule => ({
  module: ProjectorModule,
  imports: [parkedModule(parkedRecords({ pool: report.pool, projector: report.projector, reader: undefined }))],
  controllers: [ProjectorController],
  providers: [
    { provide: PROJECTOR_REPORT, useValue: report },
    { provide: REBUILD_JOB, useValue: rebuildJob },
  ],
});
