import { type DynamicModule, Module } from '@nestjs/common';
import type { Region, Topology } from '#contracts';
import { type CallerVerifier, REGION, TOPOLOGY } from '#service-kit';
import { CALLER_VERIFIER, ForwardController } from './forward/forward.controller.ts';
import { Forwarder, type ForwarderPace } from './forward/forwarder.ts';
import { OWNER_LOOKUP, type OwnerLookup } from './owners/owner-lookup.port.ts';
import { RegionsController } from './regions/regions.controller.ts';
import { ServingController } from './serving/serving.controller.ts';
import { SERVING, type ServingState } from './serving/serving-watch.ts';
import { OpenApiController } from './openapi/openapi.controller.ts';
import { REQUEST_LIMITS, type RequestLimitOptions, RequestLimits } from './rate-limit/request-limits.ts';

export interface StorefrontOptions {
  readonly region: Region;
  readonly topology: Topology;
  readonly verifier: CallerVerifier;
  readonly owners: OwnerLookup;
  readonly serving: ServingState;
  readonly pace?: ForwarderPace;
  readonly limits: RequestLimitOptions;
}

@Module({})
export class StorefrontModule {
  static with(options: StorefrontOptions): DynamicModule {
    return {
      module: StorefrontModule,
      controllers: [OpenApiController, RegionsController, ServingController, ForwardController],
      providers: [
        { provide: REGION, useValue: options.region },
        { provide: OWNER_LOOKUP, useValue: options.owners },
        { provide: SERVING, useValue: options.serving },
        { provide: TOPOLOGY, useValue: options.topology },
        { provide: CALLER_VERIFIER, useValue: options.verifier },
        { provide: REQUEST_LIMITS, useValue: new RequestLimits(options.limits) },
        { provide: Forwarder, useValue: new Forwarder(options.region, options.topology, options.owners, options.pace) },
      ],
    };
  }
}
