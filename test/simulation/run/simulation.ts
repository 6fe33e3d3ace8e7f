import { checkAll } from '#checkers';
import { calmPace, safetyPace } from '../world/settings.ts';
import { World } from '../world/world.ts';
import { finalReadsOf } from '../world/final-reads.ts';
import { procedureStepOf } from '../world/procedure-step.ts';
import { mendMirrors } from '../world/operator.ts';
import { unrest } from '../world/rest.ts';
import { FaultPlan } from './fault-plan.ts';
import { pairKey } from './faults.ts';
import type { SimulationOptions, SimulationResult } from './options.ts';
import { Struck } from './struck.ts';

export {
  coveragePairs,
  faultKinds,
  impossiblePairs,
  pairKey,
  procedureSteps,
  type CoveragePair,
  type FaultKind,
  type ImpossiblePair,
  type ProcedureStep,
  type ScheduledFault,
} from './faults.ts';

export { shapes, type ShapeName } from './shapes.ts';
export type { SimulationOptions, SimulationResult, Violation } from './options.ts';

/** A takeover, a return with its pauses, handoffs home, expiry of orders: far below it. */
const calmStepsMax = 2_500;
const calmStepsPerLook = 10;
const newWorkSteps = 40;
const stillStepsMax = 700;

/** One run. One at a time per thread: it lends the thread's timers to the world's clock, and gives them back. */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const { seed, steps, keepTrace = false, stepper } = options;
  const plan = new FaultPlan(options);
  const world = new World({ seed, shape: plan.shape, keepTrace, stepper });
  const coverage = new Map<string, number>();
  const struck = new Struck(world);
  const giveBack = world.install();
  try {
    let isStocked = false;
    world.stock().then(
      () => (isStocked = true),
      (error: unknown) => world.violate('no assertion fails', String(error)),
    );
    for (let step = 0; step < steps; step++) {
      const procedureStep = procedureStepOf(world);
      for (const fault of plan.due(step, procedureStep, world.regions)) {
        if (!struck.now(fault, step)) continue;
        plan.fired(fault);
        if (procedureStep === undefined) continue;
        const key = pairKey(fault.fault, procedureStep);
        coverage.set(key, (coverage.get(key) ?? 0) + 1);
      }
      struck.healDue(step);
      await world.step(safetyPace);
    }
    struck.healAll(plan.staysLost);
    await comeToRest(world, () => isStocked);
    if (world.violations.length === 0) await judge(world);
  } catch (error) {
    world.violate('no assertion fails', `${(error as Error).name}: ${(error as Error).message}`);
  } finally {
    giveBack();
  }
  return {
    seed,
    shape: plan.shape,
    steps,
    traceHash: world.trace.hash,
    violations: world.violations,
    faults: plan.firedFaults,
    coverage,
    counts: world.counts,
    ...(world.trace.lines === undefined ? {} : { trace: world.trace.lines }),
  };
}

/** Liveness: with nothing wrong any more everything ends, in bounded time. What stands still for so long will not move. */
async function comeToRest(world: World, isStocked: () => boolean): Promise<void> {
  let [before, since] = ['', 0];
  for (let step = 0; step < calmStepsMax; step++) {
    world.clients.isOpen = step < newWorkSteps; // new work, after the healing, must come to its end too
    mendMirrors(world);
    await world.step(step < newWorkSteps ? { ...calmPace, asks: 0.5 } : calmPace);
    if (step <= newWorkSteps || step % calmStepsPerLook !== 0) continue;
    const now = isStocked() ? unrest(world).join('; ') : 'the pools are not stocked yet';
    if (now === '') return world.count('calm steps', step);
    if (now !== before) [before, since] = [now, step];
    else if (step - since >= stillStepsMax) break;
  }
  return world.violate('everything comes to rest', unrest(world).join('; '));
}

async function judge(world: World): Promise<void> {
  const final = await finalReadsOf(world);
  const history = world.recorder.close(world.timers.nowMs);
  for (const { name, violations } of checkAll({ history, final }))
    for (const { where, what } of violations.slice(0, 3)) world.violate(name, `${where}: ${what}`);
}
