import { sku as skuOf } from '#contracts';
import type { SeededRandom } from '#test-kit';
import { ClientSession } from '../workloads/client-session.ts';
import type { Goods, LoadContext } from '../workloads/load-context.ts';
import { rest, type Workload } from '../workloads/workload.ts';

const plentyMany = 6;
const unitsOfPlenty = 100_000;
/** In the first home's pool and in the others': the scarce sku runs out in every run, and units of it must travel. */
const unitsOfScarce = [18, 6] as const;
const unitPriceMinor = 1_250;

/** Lists the goods of a run, receives their units, and writes down that they are there. */
export async function stockGoods({ shop, recorder, regions }: Pick<LoadContext, 'shop' | 'recorder' | 'regions'>): Promise<Goods> {
  const plenty = Array.from({ length: plentyMany }, (_, index) => skuOf(shop.name(`sku-${index}`))) as unknown as Goods['plenty'];
  const scarce = skuOf(shop.name('scarce'));
  const unitsOf = (sku: string, index: number): number => (sku === scarce ? unitsOfScarce[Math.min(index, 1)]! : unitsOfPlenty);
  const goods = [...plenty, scarce].map((sku) => ({
    sku,
    unitPriceMinor,
    units: Object.fromEntries(regions.map((region, index) => [region, unitsOf(sku, index)])),
  }));
  await shop.stock(goods);
  for (const { sku, units } of goods) for (const home of regions) recorder.planted({ sku, home, quantity: units[home]! });
  return { plenty, scarce };
}

/** Sessions at every home. With one customer for all sessions of a home, they are that customer's devices. */
export async function openSessions(context: LoadContext, workload: Workload): Promise<readonly ClientSession[]> {
  const sessions: ClientSession[] = [];
  for (const home of context.regions) {
    const shared = workload.oneCustomerPerHome ? await context.shop.customerOf(home) : undefined;
    for (let index = 0; index < workload.sessionsPerHome; index++) {
      const customer = shared ?? (await context.shop.customerOf(home));
      sessions.push(new ClientSession(context, { name: `${home}-${index}`, customer }));
    }
  }
  return sessions;
}

/** Resolves when the load is over and every session has ended what it had begun. @throws what a session failed with: the run's own fault */
export async function runLoad(context: LoadContext, workload: Workload, sessions: readonly ClientSession[]): Promise<void> {
  const randoms = sessions.map(() => context.random.fork());
  await Promise.all(sessions.map((session, index) => keepGoing(context, workload, session, randoms[index]!)));
}

async function keepGoing(context: LoadContext, workload: Workload, session: ClientSession, random: SeededRandom): Promise<void> {
  const [least, most] = workload.restMs;
  const pause = (): Promise<void> => rest(context, least + random.next() * (most - least));
  for (await pause(); !context.over.aborted; await pause()) await workload.round(session, context, random);
}
