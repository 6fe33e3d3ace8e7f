import { checkAll, historiesAreEqual, livenessCheckers, type History, type Violation } from '#checkers';
import { checksumsAnswerSchema, regionsOf, type ChecksumsAnswer, type CustomerId, type Sku } from '#contracts';
import { eventually, type WholeSystem } from '#test-kit';
import { readTablesOnly } from '../../../apps/operator/src/final-reads/read-final.ts';
import { lookUntilStill } from '../../../apps/operator/src/status/look-until-still.ts';
import { mirrorLags } from '../../../apps/operator/src/status/mirror-lag.ts';
import { askJson } from '../../../apps/operator/src/terminal/get-json.ts';
import { everythingIsHome } from '../region.watch.ts';

const partsWithinMs = 240_000;
const mirrorsWithinMs = 180_000;
const pollMs = 1_000;
/** Longer than the sweepers' interval: what has not moved by then will not move. */
const quietMs = 45_000;
const giveUpAfterMs = 180_000;

/** The system did not come back by itself: a finding, not a fault of the run. */
export class NotRecoveredError extends Error {
  override readonly name = 'NotRecoveredError';
}

/** Resolves when every part is ready, the regions are paired and all shards are at home. @throws NotRecoveredError that says what is missing */
export async function whole(system: WholeSystem): Promise<void> {
  try {
    await system.allReady(partsWithinMs);
    await everythingIsHome(system);
  } catch (cause) {
    throw new NotRecoveredError(`the system is not whole again: ${(cause as Error).message}`, { cause });
  }
}

/** The same, and every mirror has all that its source has: so it is only when no load is on. @throws NotRecoveredError that says what is missing */
export async function recovered(system: WholeSystem): Promise<void> {
  await whole(system);
  await eventually(() => noMirrorIsBehind(system), { withinMs: mirrorsWithinMs, everyMs: pollMs }).catch((cause: unknown) => {
    throw new NotRecoveredError(`mirrors are behind: ${(cause as Error).message}`, { cause });
  });
}

async function noMirrorIsBehind({ topology }: WholeSystem): Promise<true> {
  const behind = (await mirrorLags(topology)).filter((mirror) => mirror.behind !== 0);
  if (behind.length > 0)
    throw new Error(behind.map(({ region, topic, behind: many, error }) => `${topic} in ${region}: ${error ?? many}`).join('; '));
  return true;
}

export interface RestOptions {
  readonly system: WholeSystem;
  readonly history: History;
  readonly customers: readonly CustomerId[];
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** What tables alone cannot say. */
const inTime = livenessCheckers.filter((checker) => checker !== historiesAreEqual);

/** Waits until every liveness checker is content with the tables, or nothing moves any more: what is open then is for the last reading to judge. */
export async function atRest({ system, history, customers, signal, say }: RestOptions): Promise<void> {
  const { topology } = system;
  const look = async () => {
    const final = await readTablesOnly({
      topology,
      living: regionsOf(topology),
      customers,
      skus: skusOf(history),
      checksums: () => projectorChecksums(system),
    });
    const differences = checkAll({ history, final }, inTime).flatMap(({ violations }) => violations);
    return { differences, fingerprint: JSON.stringify(differences) };
  };
  const describe = ({ where, what }: Violation): string => `${where}: ${what}`;
  await lookUntilStill({ look, describe, signal, onWait: say, pollMs, quietMs, giveUpAfterMs });
}

/** What the run received, and so sold. */
export const skusOf = ({ planted }: History): readonly Sku[] => [...new Set(planted.map(({ sku }) => sku))];

/** Of every projector of every region. @throws Error while one does not answer */
export async function projectorChecksums(system: WholeSystem): Promise<readonly ChecksumsAnswer[]> {
  const { parts } = await system.status();
  const projectors = parts.filter(({ name, url }) => name.endsWith('-projector') && url !== undefined);
  return Promise.all(
    projectors.map(({ url }) => askJson({ url: `${url}/internal/checksums`, answer: checksumsAnswerSchema, timeoutMs: 60_000 })),
  );
}
