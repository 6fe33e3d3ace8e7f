import type { Topology } from '#contracts';
import { lookUntilStill, type Look } from '../../status/look-until-still.ts';
import { readLedger } from '../../replay/compare/provider-ledger.ts';
import { readRegion } from '../../replay/compare/region-state.ts';
import type { RecordedOrder } from '../recording.ts';
import type { Evidence, Violation } from './evidence.ts';
import { everyOrderIsDecided } from './order.checkers.ts';
import { cardsAreAuthorizedOnce, projectionsAreEqual } from './payment.checkers.ts';
import { projections } from './read-evidence.ts';

export interface AwaitQuietOptions {
  readonly topology: Topology;
  readonly recorded: readonly RecordedOrder[];
  readonly signal: AbortSignal;
  readonly onWait: (why: string) => void;
}

const pollMs = 2_000;
/** Longer than the sweepers' interval. */
const quietMs = 45_000;
const giveUpAfterMs = 240_000;
/** What may still be on its way; the rest is checked once, when nothing moves. */
const inTime = [everyOrderIsDecided, cardsAreAuthorizedOnce, projectionsAreEqual];

/** Waits until every order is decided, every card settled, and both regions' tables are equal; or until nothing moves any more. */
export async function awaitQuiet(options: AwaitQuietOptions): Promise<{ readonly seconds: number; readonly open: readonly Violation[] }> {
  const describe = ({ where, what }: Violation): string => `${where}: ${what}`;
  const { seconds, differences } = await lookUntilStill({
    ...options,
    look: () => look(options),
    describe,
    pollMs,
    quietMs,
    giveUpAfterMs,
  });
  return { seconds, open: differences };
}

async function look({ topology, recorded }: AwaitQuietOptions): Promise<Look<Violation>> {
  try {
    const customers = [...new Set(recorded.map(({ client }) => client.customer))];
    const regions: Evidence['regions'][number][] = [];
    for (const [region, { postgres }] of Object.entries(topology.regions)) {
      const tables = await readRegion(postgres, { customers, skus: [] });
      regions.push({ region: region as Evidence['regions'][number]['region'], orders: new Map(), stock: new Map(), tables });
    }
    const ledger = await readLedger(topology.paymentProvider.url);
    const evidence: Evidence = { recorded, regions, received: new Map(), ledger, projections: await projections(topology) };
    const differences = inTime.flatMap(({ check }) => check(evidence));
    return { differences, fingerprint: JSON.stringify([regions.map(({ tables }) => [...tables.orders]), differences]) };
  } catch (error) {
    // A part that is being restarted: that is no difference yet, but it is one if it stays so.
    const what = error instanceof Error ? error.message : String(error);
    return { differences: [{ where: 'comparison', what }], fingerprint: what };
  }
}
