import { type DynamicModule, Module } from '@nestjs/common';
import { parkedModule } from './parked.controller.ts';
import { parkedRecords } from './parked-records.ts';
import { PROJECTOR_REPORT, ProjectorController, REBUILDS, type Rebuilds } from './projector.controller.ts';
import type { ProjectorReportOptions } from './projector-report.ts';

@Module({})
class ProjectorModule {}

export const projectorModule = (report: ProjectorReportOptions, rebuilds: Rebuilds): DynamicModule => ({
  module: ProjectorModule,
  imports: [parkedModule(parkedRecords({ pool: report.pool, projector: report.projector, reader: undefined }))],
  controllers: [ProjectorController],
  providers: [
    { provide: PROJECTOR_REPORT, useValue: report },
    { provide: REBUILDS, useValue: rebuilds },
  ],
});
