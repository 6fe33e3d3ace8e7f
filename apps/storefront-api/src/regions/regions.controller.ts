import { Controller, Get, Header, Inject } from '@nestjs/common';
import type { Region, RegionListAnswer, Topology } from '#contracts';
import { Public, REGION, TOPOLOGY } from '#service-kit';
import { OWNER_LOOKUP, type OwnerLookup } from '../owners/owner-lookup.port.ts';
import { SERVING, type ServingState } from '../serving/serving-watch.ts';
import { regionList } from './region-list.ts';

@Controller('v1/regions')
@Public()
export class RegionsController {
  readonly #region: Region;
  readonly #topology: Topology;
  readonly #owners: OwnerLookup;
  readonly #serving: ServingState;
  constructor(
    @Inject(REGION) region: Region,
    @Inject(TOPOLOGY) topology: Topology,
    @Inject(OWNER_LOOKUP) owners: OwnerLookup,
    @Inject(SERVING) serving: ServingState,
  ) {
    this.#region = region;
    this.#topology = topology;
    this.#owners = owners;
    this.#serving = serving;
  }

  @Get()
  @Header('cache-control', 'no-store')
  list(): RegionListAnswer {
    return regionList({ here: this.#region, topology: this.#topology, lineage: this.#owners.lineage, serving: this.#serving.now() });
  }
}
