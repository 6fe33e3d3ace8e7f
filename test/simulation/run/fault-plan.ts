import { region as regionNamed, type Region } from '#contracts';
import { seededRandom, type SeededRandom } from '#test-kit';
import { faultKinds, procedureSteps, type FaultKind, type ProcedureStep, type ScheduledFault } from './faults.ts';
import type { SimulationOptions } from './options.ts';
import type { ShapeName } from './shapes.ts';

/** Until a step of the run, or until the procedure that is under way comes to a step of its own. */
interface Planned {
  readonly fault: FaultKind;
  readonly region: number;
  readonly argument: number;
  readonly notBefore: number;
  readonly when: ProcedureStep | undefined;
  isOver: boolean;
}

const argumentBound = 2 ** 20;
/** What brings a procedure about. */
const causes: readonly FaultKind[] = [
  'region-loss',
  'region-loss',
  'region-loss',
  'wish-evacuate',
  'wish-evacuate',
  'link-cut',
  'mirror-stop',
];

/**
 * Which faults strike when. Drawn from a stream of the seed of its own, before the run: to leave one out changes no other draw. An episode
 * every few hundred steps begins with something that brings a procedure about, and has faults that wait for steps of it; others come at any time.
 */
export class FaultPlan {
  readonly shape: ShapeName;
  readonly firedFaults: ScheduledFault[] = [];
  /** A region that does not come back at the end, if the others can go on without it. */
  readonly staysLost: Region | undefined;
  readonly #given: readonly ScheduledFault[] | undefined;
  readonly #planned: readonly Planned[];

  constructor({ seed, steps, shape, faults }: Pick<SimulationOptions, 'seed' | 'steps' | 'shape' | 'faults'>) {
    const random = seededRandom(seed ^ 0x5eedfa17);
    const drawn = (['two', 'two', 'two', 'passive', 'three'] as const)[random.below(5)]!;
    this.shape = shape ?? drawn;
    const lost = (this.shape === 'three' ? ['east', 'west', 'south'] : ['east', 'west'])[
      random.below(6) % (this.shape === 'three' ? 3 : 2)
    ]!;
    this.staysLost = random.chance(0.3) ? regionNamed(lost) : undefined;
    this.#given = faults;
    this.#planned = faults === undefined ? planned(random, steps) : [];
  }

  /** What is due at this step, under the procedure's step as it is now. */
  due(step: number, procedureStep: ProcedureStep | undefined, regions: readonly Region[]): readonly ScheduledFault[] {
    if (this.#given !== undefined) return this.#given.filter(({ atStep }) => atStep === step);
    const due: ScheduledFault[] = [];
    for (const plan of this.#planned) {
      if (plan.isOver || step < plan.notBefore || (plan.when !== undefined && plan.when !== procedureStep)) continue;
      plan.isOver = true;
      due.push({ atStep: step, fault: plan.fault, region: regions[plan.region % regions.length]!, argument: plan.argument });
    }
    return due;
  }

  fired(fault: ScheduledFault): void {
    this.firedFaults.push(fault);
  }
}

function planned(random: SeededRandom, steps: number): readonly Planned[] {
  const plans: Planned[] = [];
  const add = (fault: FaultKind, notBefore: number, when: ProcedureStep | undefined): void =>
    void plans.push({ fault, region: random.below(6), argument: random.below(argumentBound), notBefore, when, isOver: false });
  for (let start = 40; start < steps; start += 220 + random.below(200)) {
    add(random.pick(causes), start, undefined);
    for (let left = 1 + random.below(4); left > 0; left--) add(random.pick(faultKinds), start + 1, random.pick(procedureSteps));
    for (let left = random.below(5); left > 0; left--) add(random.pick(faultKinds), start + random.below(400), undefined);
    // A mirror may be dropped in few moments only, and is short for a while then: the loss of its source is worth trying just there.
    if (random.chance(0.4)) add('mirror-recreate', start + 1, random.pick(['takeover.opening', 'return.catching-up']));
  }
  return plans;
}
