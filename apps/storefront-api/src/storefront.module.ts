import { type DynamicModule, Module } from '@nestjs/common';
import type { Region, Topology } from '#contracts';
import { type CallerVerifier, TOPOLOGY } from '#service-kit';
import { CALLER_VERIFIER, ForwardController } from './forward/forward.controller.ts';
import { Forwarder } from './forward/forwarder.ts';
import type { OwnerLookup } from './forward/owner-lookup.port.ts';
import { OpenApiController } from './openapi/openapi.controller.ts';
import { REQUEST_LIMITS, type RequestLimitOptions, RequestLimits } from './rate-limit/request-limits.ts';

export interface StorefrontOptions {
  readonly region: Region;
  readonly topology: Topology;
  readonly verifier: CallerVerifier;
  readonly owners: OwnerLookup;
  readonly limits: RequestLimitOptions;
}

@Module({})
export class StorefrontModule {
  static with(options: StorefrontOptions): DynamicModule {
    return {
      module: StorefrontModule,
      controllers: [OpenApiController, ForwardController],
      providers: [
        { provide: TOPOLOGY, useValue: options.topology },
        { provide: CALLER_VERIFIER, useValue: options.verifier },
        { provide: REQUEST_LIMITS, useValue: new RequestLimits(options.limits) },
        { provide: Forwarder, useValue: new Forwarder(options.region, options.topology, options.owners) },
      ],
    };
  }
}
