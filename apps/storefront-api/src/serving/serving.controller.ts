import { Controller, Get, Header, Inject } from '@nestjs/common';
import type { Serving } from '#contracts';
import { problem, Public } from '#service-kit';
import { SERVING, type ServingState } from './serving-watch.ts';

/** What DNS asks. Live and ready are about this process; this is about the region. */
@Controller('health/serving')
@Public()
export class ServingController {
  readonly #serving: ServingState;
  constructor(@Inject(SERVING) serving: ServingState) {
    this.#serving = serving;
  }

  @Get()
  @Header('cache-control', 'no-store')
  serving(): Serving {
    const now = this.#serving.now();
    if (!now.serving) throw problem('region-not-serving', { detail: `${now.because}.`, headers: { 'retry-after': '1' } });
    return now;
  }
}
