import type { Region } from '#contracts';
import { strike } from '../world/strike.ts';
import type { World } from '../world/world.ts';
import type { ScheduledFault } from './faults.ts';

interface Lasting {
  readonly fault: ScheduledFault;
  readonly untilStep: number;
  readonly heal: () => void;
}

/** What is broken now, and when it heals by itself. */
export class Struck {
  readonly #world: World;
  #lasting: Lasting[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  /** True: it struck something. */
  now(fault: ScheduledFault, step: number): boolean {
    const outcome = strike(this.#world, fault);
    if (!outcome.struck) return false;
    const { heal, steps } = outcome;
    this.#world.trace.note(
      `FAULT ${fault.fault} in ${fault.region} (${fault.argument})${heal === undefined ? '' : `, for ${steps} steps`}`,
    );
    this.#world.count(`fault ${fault.fault}`);
    if (heal !== undefined) this.#lasting.push({ fault, untilStep: step + steps, heal });
    return true;
  }

  healDue(step: number): void {
    if (this.#lasting.every(({ untilStep }) => untilStep > step)) return;
    const over = this.#lasting.filter(({ untilStep }) => untilStep <= step);
    this.#lasting = this.#lasting.filter(({ untilStep }) => untilStep > step);
    for (const lasting of over) this.#heal(lasting);
  }

  /** All but one region, if that one is to stay lost and the others can go on without it: then it is gone for good. */
  healAll(staysLost: Region | undefined): void {
    const world = this.#world;
    for (const lasting of this.#lasting.splice(0)) this.#heal(lasting);
    if (staysLost === undefined || !canGoOnWithout(world, staysLost)) return;
    const parts = world.part(staysLost);
    if (!parts.isLost) parts.lose(world.timers.nowMs);
    parts.isGone = true;
    world.count(`lost for good`);
    world.trace.note(`FAULT ${staysLost} is lost for good`);
  }

  #heal({ fault, heal }: Lasting): void {
    this.#world.trace.note(`HEALED ${fault.fault} in ${fault.region}`);
    heal();
  }
}

/** Whether progress is owed then: nobody needs to ask a person. */
function canGoOnWithout({ etcd, hasLostData, regions }: World, region: Region): boolean {
  const { status } = etcd.stored.lineage;
  if (regions.length > 2) return false; // the third one may lack what only the lost one could send it, and waits to be reseeded (ADR 0020 e)
  if (hasLostData) return false; // a mirror that is short is no second copy
  if (status.status === 'paired' || status.status === 'claimed') return true;
  return status.status === 'solo' ? status.region !== region : status.region === region;
}
