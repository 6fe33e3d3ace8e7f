import { Controller, Get, Inject } from '@nestjs/common';
import type { StrandedAnswer, StrandedCommit } from '#contracts';
import { Public } from '#service-kit';

export const listStranded = Symbol('list stranded commits');
export type ListStranded = () => Promise<readonly StrandedCommit[]>;

@Controller()
@Public()
export class StrandedController {
  readonly #list: ListStranded;

  constructor(@Inject(listStranded) list: ListStranded) {
    this.#list = list;
  }

  @Get('stranded')
  async list(): Promise<StrandedAnswer> {
    return { commits: [...(await this.#list())] };
  }
}
