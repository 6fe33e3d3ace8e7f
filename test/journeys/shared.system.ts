import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startWholeSystem, stopWholeSystem, wholeSystemAt, type WholeSystem } from '#test-kit';

/** The same in every run: what a killed run left running is found, and ended, by the next one. */
export const sharedHome = join(tmpdir(), 'evenkeel-journeys');

/** Time for `beforeAll`: a start takes some 20 to 40 s on two idle cores. */
export const systemStartTimeoutMs = 600_000;

/**
 * The one system that the journeys share: the one that runs when it is whole and has so many instances, else a new one. The suite's
 * set-up stops it at the end.
 */
export async function sharedSystem({ instances }: { readonly instances: number }): Promise<WholeSystem> {
  const running = await wholeSystemAt({ home: sharedHome, instances });
  if (running !== undefined) return running;
  await stopWholeSystem(sharedHome);
  return startWholeSystem({ home: sharedHome, instances });
}
