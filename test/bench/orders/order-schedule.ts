import { type CustomerId, orderIdOf, type Region, type Sku } from '#contracts';
import { seededRandom } from '#test-kit';
import { dueTimes } from '../../../apps/operator/src/drill/load/load-schedule.ts';
import type { DueOrder } from '../../../apps/operator/src/drill/recording.ts';

export interface BenchCustomer {
  readonly id: CustomerId;
  readonly home: Region;
  /** Bearer token. */
  readonly token: string;
}

/** One load, as plain data: it crosses to the generator's process, which computes the same orders from it. */
export interface LoadPlan {
  /** Makes keys, and so order ids, this load's own. */
  readonly name: string;
  readonly ordersPerSecond: number;
  readonly seconds: number;
  /** Before that the rate rises evenly from nothing; what is due then is not counted. */
  readonly warmUpSeconds: number;
  /** In turn; their homes should alternate. */
  readonly customers: readonly BenchCustomer[];
  readonly skus: readonly Sku[];
  /** Of one unit each, of as many different skus. */
  readonly linesPerOrder: number;
  readonly seed: number;
}

/** Every order of the load with the time at which it is due, in milliseconds since the load began, whatever becomes of the others. Pure. */
export function orderSchedule(plan: LoadPlan): readonly DueOrder[] {
  const { name, customers, skus, linesPerOrder } = plan;
  if (skus.length < linesPerOrder) throw new RangeError(`${linesPerOrder} lines of different skus need more than ${skus.length} skus`);
  const random = seededRandom(plan.seed);
  return dueTimes(plan).map((dueMs, number) => {
    const index = number % customers.length;
    const { id, home } = customers[index]!;
    const key = `${name}-${number}`;
    const first = random.below(skus.length);
    const lines = Array.from({ length: linesPerOrder }, (_, i) => ({ sku: skus[(first + i) % skus.length]!, quantity: 1 }));
    return { number, client: { index, kind: 'plain', customer: id, home }, key, orderId: orderIdOf(id, key), lines, dueMs };
  });
}

/**
 * Two of four orders in a row ask with `Prefer: wait` and are answered when their outcome is known; the other two are answered when they
 * are settled. Pairs, because homes alternate: both kinds are in both regions.
 */
export const waitsForOutcome = ({ number }: Pick<DueOrder, 'number'>): boolean => Math.floor(number / 2) % 2 === 1;
