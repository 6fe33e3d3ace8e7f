import { checkAll, historiesAreEqual, livenessCheckers, type FinalReads, type Violation } from '#checkers';
import { lookUntilStill, type Look } from '../../status/look-until-still.ts';
import { readTablesOnly, type TablesOptions } from '../../final-reads/read-final.ts';
import { drillHistory, type DrillHistory } from './drill-evidence.ts';

export interface AwaitQuietOptions extends TablesOptions, Omit<DrillHistory, 'partitions'> {
  readonly signal: AbortSignal;
  readonly onWait: (why: string) => void;
}

const pollMs = 2_000;
/** Longer than the sweepers' interval. */
const quietMs = 45_000;
const giveUpAfterMs = 240_000;
/** What may still be on its way; the rest is checked once, when nothing moves. Logs are read once: tables that are equal have read them. */
const inTime = livenessCheckers.filter((checker) => checker !== historiesAreEqual);

/** Waits until every order is decided, nothing is owed, and the regions' tables are equal; or until nothing moves any more. */
export async function awaitQuiet(options: AwaitQuietOptions): Promise<{ readonly seconds: number; readonly open: readonly Violation[] }> {
  const history = drillHistory({ ...options, partitions: options.topology.partitions });
  const describe = ({ where, what }: Violation): string => `${where}: ${what}`;
  const look = async (): Promise<Look<Violation>> => {
    // A part that is being restarted cannot be read: that is a violation, and it stands if it stays so.
    const final = await readTablesOnly(options);
    const differences = checkAll({ history, final }, inTime).flatMap(({ violations }) => violations);
    return { differences, fingerprint: fingerprintOf(final, differences) };
  };
  const { seconds, differences } = await lookUntilStill({ ...options, look, describe, pollMs, quietMs, giveUpAfterMs });
  return { seconds, open: differences };
}

const fingerprintOf = ({ regions }: FinalReads, differences: readonly Violation[]): string =>
  JSON.stringify([regions.map(({ orders }) => orders), differences]);
