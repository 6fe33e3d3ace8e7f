import { customerId, homeOf, orderIdOf, region, sku, type OrderId } from '#contracts';
import type { DueOrder } from '../../apps/operator/src/drill/recording.ts';
import type { OrderFacts } from './orders/order-facts.ts';
import type { BenchCustomer } from './orders/order-schedule.ts';
import type { LoadRecord } from './orders/load.protocol.ts';
import type { OrderRun } from './orders/load-result.ts';

export const homes = [region('east'), region('west')] as const;

/** As many at each home, homes alternating. */
export function someCustomers(perHome: number): readonly BenchCustomer[] {
  const ids = Array.from({ length: 40 * perHome }, (_, i) => customerId(`c${i}`));
  const [east, west] = homes.map((home) => ids.filter((id) => homeOf({ homes }, id) === home).slice(0, perHome));
  return east!.flatMap((id, i) => [
    { id, home: homes[0], token: 'a' },
    { id: west![i]!, home: homes[1], token: 'b' },
  ]);
}

/** A run in which nothing was wrong, but for what is given. */
export function soundRun(differs: Partial<OrderRun> = {}): OrderRun {
  const percentiles = (ms: number) => ({ count: 100, p50: ms, p95: 2 * ms, p99: 3 * ms, max: 4 * ms });
  return {
    orders: 200,
    offeredPerSecond: 20,
    placedPerSecond: 20,
    answeredPerSecond: 20,
    confirmedPerSecond: 20,
    settledMs: percentiles(60),
    confirmedMs: percentiles(300),
    errors: {},
    latenessMs: percentiles(1),
    void: undefined,
    violations: [],
    cpuMsPerOrder: { 'east.kafka': 4, 'west.kafka': 3, 'east.order-service': 5 },
    peakMemoryBytes: { 'east.kafka': 300 * 1024 * 1024, 'west.kafka': 310 * 1024 * 1024, 'east.order-service': 120 * 1024 * 1024 },
    linkBytesPerOrder: { kafka: 9_000, services: 0, etcd: 500 },
    commitsPerSecond: 160,
    rowsPerSecond: 900,
    ...differs,
  };
}

export interface MetOrder {
  readonly order: DueOrder;
  readonly record: LoadRecord;
  readonly facts: OrderFacts;
}

/** Orders that are due a second apart, are settled after 50 ms and confirmed after 300: what those that wait are told. */
export function metOrders(count: number, startedAtMs: number): readonly MetOrder[] {
  const [customer] = someCustomers(1);
  return Array.from({ length: count }, (_, number) => {
    const dueMs = 1000 * number;
    const waits = Math.floor(number / 2) % 2 === 1;
    const key = `k${number}`;
    const lines = [{ sku: sku('S'), quantity: 1 }];
    return {
      order: {
        number,
        client: { index: 0, kind: 'plain', customer: customer!.id, home: customer!.home },
        key,
        orderId: orderIdOf(customer!.id, key),
        lines,
        dueMs,
      },
      record: {
        number,
        dueMs,
        startMs: dueMs + 2,
        endMs: dueMs + (waits ? 310 : 50),
        answer: { kind: 'settled', told: waits ? 'confirmed' : 'pending' },
      },
      facts: { placedAtMs: [startedAtMs + dueMs + 20], confirmedAtMs: [startedAtMs + dueMs + 300], cancelledAtMs: [] },
    };
  });
}

export const factsOf = (met: readonly MetOrder[]): Map<OrderId, OrderFacts> =>
  new Map(met.map(({ order, facts }) => [order.orderId, facts]));
