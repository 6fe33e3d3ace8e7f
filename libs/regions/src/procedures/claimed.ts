import type { Region } from '#contracts';
import { leaseLossOf } from './peers.ts';
import type { Step } from './region-view.ts';
import type { Situation } from './situation.ts';
import { rest } from './steps.ts';
import { carryOut, claimNext, helpClaimant } from './takeover.ts';

/**
 * `claimed(region, term)`: its own region carries the claim out; another one overrules it when its claimant is gone or stuck. That nothing
 * settles by its receipts is no reason: where one mirror is dead both regions wait, and would overrule each other without end.
 */
export function underClaim(now: Situation, claimant: Region, term: number): Step {
  if (claimant === now.here) return carryOut(now, term, 'takeover');
  const { statusForMs } = now.view;
  const { claimStandsMs } = now.timing;
  const loss = leaseLossOf(now, claimant);
  if (loss !== undefined) return claimNext(now, 'takeover', `${claimant} left its claim ${term} unfinished: ${loss}`);
  if (statusForMs >= claimStandsMs)
    return claimNext(now, 'takeover', `${claimant}'s claim ${term} stands unfinished for ${statusForMs} ms (at least ${claimStandsMs})`);
  return (
    helpClaimant(now, claimant, term) ??
    rest(
      `${claimant} has claimed term ${term} ${statusForMs} ms ago and is carrying it out (overruled after ${claimStandsMs} ms)`,
      'takeover',
    )
  );
}
