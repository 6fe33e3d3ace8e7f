import { type DynamicModule, Module } from '@nestjs/common';
import { PROJECTOR_REPORT, ProjectorController } from './projector.controller.ts';
import type { ProjectorReportOptions } from './projector-report.ts';

@Module({})
class ProjectorModule {}

export const projectorModule = (report: ProjectorReportOptions): DynamicModule => ({
  module: ProjectorModule,
  controllers: [ProjectorController],
  providers: [{ provide: PROJECTOR_REPORT, useValue: report }],
});
