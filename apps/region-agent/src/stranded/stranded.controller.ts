import { Controller, Get, Inject } from '@nestjs/common';
import type { StrandedAnswer } from '#contracts';
import { Public } from '#service-kit';
import type { StrandedOffers } from './stranded-offers.ts';

export const strandedOffers = Symbol('StrandedOffers');

@Controller()
@Public()
export class StrandedController {
  readonly #offers: StrandedOffers;

  constructor(@Inject(strandedOffers) offers: StrandedOffers) {
    this.#offers = offers;
  }

  @Get('stranded')
  async list(): Promise<StrandedAnswer> {
    return { commits: [...(await this.#offers.list())] };
  }
}
