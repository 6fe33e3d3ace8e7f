import { Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { promotionSchema, regionWishSchema } from '#contracts';
import type { RegionWishes } from '#regions';
import { CallerParam, RequireRole, ZodBody, type Caller } from '#service-kit';
import type { z } from 'zod';
import type { Wishes } from './wishes.ts';

export const regionWishes = Symbol('Wishes');

/** What an operator wishes. 202: it is written down; the agents fulfil it step by step, as `GET /status` and `/history` tell. */
@Controller()
@RequireRole('operator')
export class WishesController {
  readonly #wishes: Wishes;

  constructor(@Inject(regionWishes) wishes: Wishes) {
    this.#wishes = wishes;
  }

  @Post('wishes/evacuate')
  @HttpCode(202)
  evacuate(
    @ZodBody(regionWishSchema.default({})) { region }: z.output<typeof regionWishSchema>,
    @CallerParam() caller: Caller,
  ): Promise<RegionWishes> {
    return this.#wishes.evacuate(region, caller.subject);
  }

  @Post('wishes/return')
  @HttpCode(202)
  return(
    @ZodBody(regionWishSchema.default({})) { region }: z.output<typeof regionWishSchema>,
    @CallerParam() caller: Caller,
  ): Promise<RegionWishes> {
    return this.#wishes.return(region, caller.subject);
  }

  @Post('promote')
  @HttpCode(202)
  promote(@ZodBody(promotionSchema) { confirm }: z.output<typeof promotionSchema>, @CallerParam() caller: Caller): Promise<RegionWishes> {
    return this.#wishes.promote(confirm, caller.subject);
  }
}
