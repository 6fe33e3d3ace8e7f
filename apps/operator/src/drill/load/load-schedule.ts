import { customerId, homeOf, orderIdOf, type Homes, type Sku } from '#contracts';
import { seededRandom, type SeededRandom } from '../../generate/seeded-random.ts';
import { clientKinds, type DrillClient, type DrillLine, type DueOrder } from '../recording.ts';

export interface LoadOptions {
  /** Makes customers and keys this drill's own, so that drills share a system. */
  readonly name: string;
  readonly topology: Pick<Homes, 'homes'>;
  readonly ordersPerSecond: number;
  readonly seconds: number;
  /** Before that, the rate rises evenly from nothing: freshly started processes are slow, and asking them again would keep them so. */
  readonly warmUpSeconds: number;
  /** Of each kind, at each home. */
  readonly clientsPerHome: number;
  readonly goods: DrillGoods;
  readonly seed: number;
}

export interface DrillGoods {
  /** Enough of them for every order. */
  readonly plenty: readonly [Sku, ...Sku[]];
  /** Fewer units than are wanted: what is sold of it twice shows. */
  readonly scarce: Sku;
}

/** Share of orders that want a unit of the scarce sku too. */
const scarceShare = 0.05;
const quantityMax = 3;
const linesMax = 2;

/** As many clients of each kind at each home; customers are found by trying names, for the home is a function of the name. */
export function drillClients({ name, topology, clientsPerHome }: Pick<LoadOptions, 'name' | 'topology' | 'clientsPerHome'>): DrillClient[] {
  const clients: DrillClient[] = [];
  let tried = 0;
  for (const kind of clientKinds)
    for (const home of topology.homes)
      for (let found = 0; found < clientsPerHome; tried++) {
        const customer = customerId(`${name}-c${tried}`);
        if (homeOf(topology, customer) !== home) continue;
        clients.push({ index: clients.length, kind, customer, home });
        found += 1;
      }
  return clients;
}

/**
 * Every order of the load with the time at which it is due: evenly spaced after the warm-up, the clients in turn, in an order that the
 * seed shuffles anew for each round, so that kinds and homes are mixed at every moment. Pure.
 */
export function loadSchedule(options: LoadOptions): readonly DueOrder[] {
  const { name, goods, seed } = options;
  const random = seededRandom(seed);
  const clients = drillClients(options);
  const due = dueTimes(options);
  const orders: DueOrder[] = [];
  let turns: DrillClient[] = [];
  for (const [number, dueMs] of due.entries()) {
    if (turns.length === 0) turns = shuffled(clients, random);
    const client = turns.pop()!;
    const key = `${name}-${number}`;
    const lines = linesOf(goods, random);
    orders.push({ number, client, key, orderId: orderIdOf(client.customer, key), lines, dueMs });
  }
  return orders;
}

/** In ascending order, evenly spaced after the warm-up. Milliseconds since the load began. */
export function dueTimes({
  ordersPerSecond,
  seconds,
  warmUpSeconds,
}: Pick<LoadOptions, 'ordersPerSecond' | 'seconds' | 'warmUpSeconds'>): readonly number[] {
  // With a rate that rises evenly to r in w seconds, r * t^2 / (2 w) orders are due by t.
  const warming = Math.floor((ordersPerSecond * warmUpSeconds) / 2);
  const rising = Array.from({ length: warming }, (_, i) => 1000 * Math.sqrt((2 * warmUpSeconds * i) / ordersPerSecond));
  const steady = Array.from({ length: Math.floor(ordersPerSecond * seconds) }, (_, i) => 1000 * (warmUpSeconds + i / ordersPerSecond));
  return [...rising, ...steady];
}

function linesOf({ plenty, scarce }: DrillGoods, random: SeededRandom): readonly DrillLine[] {
  const first = random.between(0, plenty.length - 1);
  const count = Math.min(random.between(1, linesMax), plenty.length);
  const lines: DrillLine[] = Array.from({ length: count }, (_, i) => ({
    sku: plenty[(first + i) % plenty.length]!,
    quantity: random.between(1, quantityMax),
  }));
  return random.chance(scarceShare) ? [...lines, { sku: scarce, quantity: 1 }] : lines;
}

function shuffled<T>(items: readonly T[], random: SeededRandom): T[] {
  const left = [...items];
  for (let i = left.length - 1; i > 0; i--) {
    const j = random.between(0, i);
    [left[i], left[j]] = [left[j]!, left[i]!];
  }
  return left;
}

/** Units that the whole load wants, by sku. */
export function unitsWanted(orders: readonly Pick<DueOrder, 'lines'>[]): ReadonlyMap<Sku, number> {
  const units = new Map<Sku, number>();
  for (const { sku, quantity } of orders.flatMap(({ lines }) => lines)) units.set(sku, (units.get(sku) ?? 0) + quantity);
  return units;
}
