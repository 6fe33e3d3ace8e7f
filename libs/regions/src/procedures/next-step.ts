import { assertNever } from '#kernel';
import { promotionTermJump } from '../region-timing.ts';
import { underClaim } from './claimed.ts';
import { underPaired } from './paired.ts';
import type { RegionView, Step } from './region-view.ts';
import { underRejoining } from './rejoining.ts';
import { situationOf, type Situation } from './situation.ts';
import { underSolo } from './solo.ts';
import { awaitPerson, rest } from './steps.ts';
import { carryOut, claimNext } from './takeover.ts';

/**
 * What this region's agent does next. Pure: the same view gives the same step.
 *
 * Guarantees that each swap's lineage may follow the one in view, compares with its revision, and that no procedure depends on who did
 * its earlier steps. Two agents of one region, a paused one, or one with an old view may carry out any step it gives: what they do too
 * late is void for readers, or fails its comparison. Does not judge whether `view` is true; safety needs only that what it says of the
 * logs stands there, and that they were read after `stored`.
 */
export function nextStep(view: RegionView): Step {
  const { kafkaSilentForMs } = view.self;
  const now = situationOf(view);
  if (now === undefined) {
    const because = 'etcd does not answer with a majority: nothing may change owner';
    return view.wishes.promote === undefined
      ? rest(because)
      : awaitPerson(`${because}; make its member here a cluster of one first`, 'promote');
  }
  if (kafkaSilentForMs >= now.timing.kafkaSilentMs)
    return rest(
      `own Kafka is silent for ${kafkaSilentForMs} ms (at least ${now.timing.kafkaSilentMs}): this region cannot carry anything out`,
    );
  return promoted(now) ?? (now.view.self.promotionAnnounced ? announced : underStatus(now));
}

const announced = rest('a person promotes this region: nothing is decided before the wish stands in etcd', 'promote');

function underStatus(now: Situation): Step {
  const { status } = now.lineage;
  switch (status.status) {
    case 'paired':
      return underPaired(now);
    case 'claimed':
      return underClaim(now, status.region, status.term);
    case 'solo':
      return underSolo(now, status.region);
    case 'rejoining':
      return underRejoining(now, status.region);
    default:
      return assertNever(status);
  }
}

/** A person has stated that the others are down: a claim far above whatever they decided, then as in a takeover. */
function promoted(now: Situation): Step | undefined {
  const { promote } = now.view.wishes;
  if (promote === undefined) return undefined;
  const { term, status } = now.lineage;
  if (term < promote.overTerm + promotionTermJump)
    return claimNext(now, 'promote', `a person has promoted ${now.here} over term ${promote.overTerm}, and accepts what may be lost`);
  return status.status === 'claimed' && status.region === now.here ? carryOut(now, status.term, 'promote') : undefined;
}
