import type { Region } from '#contracts';
import type { RegionView, Step } from '#regions';
import { metricNames, metrics } from '#telemetry';

const takeovers = metrics.counter(metricNames.takeovers);
const stepDuration = metrics.histogram(metricNames.procedureStepDuration);

/** A step was carried out and read back. The swap that ends a takeover or a promotion counts as it. */
export function countStep(step: Step, view: RegionView, tookMs: number): void {
  const { procedure } = step;
  stepDuration.observe(tookMs / 1_000, { procedure, step: step.step });
  const isTakeover = step.step === 'swap' && (procedure === 'takeover' || procedure === 'promote');
  if (isTakeover) for (const lost of lostBy(step, view)) takeovers.add({ lost });
}

/** The regions whose shards went over; where they had none, those that are out now. */
function lostBy({ added }: Extract<Step, { readonly step: 'swap' }>, { here, peers, stored }: RegionView): ReadonlySet<Region> {
  const owners = [...added.keys()].flatMap((shard) => stored?.lineage.shards[shard]?.at(-1)?.owner ?? []);
  const lost = new Set(owners.filter((owner) => owner !== here));
  return lost.size > 0 ? lost : new Set(peers.keys());
}
