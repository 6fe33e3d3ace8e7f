import type { OrderId, Region, Sku } from '#contracts';
import type { Checker } from './checker.ts';
import type { FinalOrder, FinalPool, FinalReads, FinalReservation } from './final-reads.ts';
import type { Findings } from './findings.ts';
import type { PlantedStock, PoolUnits } from './history.ts';
import { byId } from './order.checkers.ts';
import { okOf, operationText, poolName, poolText } from './texts.ts';

interface PoolsView {
  readonly region: Region;
  readonly pools: readonly FinalPool[];
}

/** Each region's table, and its public API where it was asked and every sku was answered. */
function viewsOf(final: FinalReads, findings: Findings): readonly PoolsView[] {
  const tables = findings.ofEachRegion(final, 'pools').map(({ region, value }): PoolsView => ({ region, pools: value }));
  const shown = final.regions.flatMap(({ region, shown: api }): PoolsView[] => {
    if (api === undefined) return [];
    const read = Array.from(api.pools, ([sku, pools]) => findings.the(pools, region, `the stock of ${sku}`));
    return read.includes(undefined) ? [] : [{ region, pools: read.flatMap((pools) => pools ?? []) }];
  });
  return [...tables, ...shown];
}

const sumBy = <T>(items: readonly T[], keyOf: (item: T) => string, unitsOf: (item: T) => number): Map<string, number> => {
  const sums = new Map<string, number>();
  for (const item of items) sums.set(keyOf(item), (sums.get(keyOf(item)) ?? 0) + unitsOf(item));
  return sums;
};
const skuOf = ({ sku }: { readonly sku: Sku }): string => sku;
const inTransit = ({ sent, arrived }: PoolUnits): number => sent - arrived;

/** Judged pool by pool, of which the sum over a sku's pools follows. */
export const stockIsConserved: Checker = {
  name: 'stock-is-conserved',
  promise:
    'Of each sku, received = on hand + reserved + in transit + shipped, in every region: each pool adds up, and has booked what it was given',
  judge: ({ history: { planted, operations }, final }, findings) => {
    const units = sumBy(planted, poolName, ({ quantity }) => quantity);
    for (const { region, pools } of viewsOf(final, findings)) {
      for (const pool of pools) addsUp(pool, region, poolName(pool), findings);
      const booked = new Map(pools.map((pool) => [poolName(pool), pool.received + pool.adjusted]));
      for (const name of new Set([...units.keys(), ...booked.keys()])) {
        const [asked, found] = [units.get(name) ?? 0, booked.get(name) ?? 0];
        findings.expect(asked === found, () => ({ where: region, what: `${name}: ${asked} units were put there, ${found} are booked` }));
      }
    }
    for (const operation of operations) {
      const answer = okOf(operation)?.answer;
      if (answer?.kind !== 'read-stock') continue;
      for (const pool of answer.pools) addsUp(pool, 'clients', operationText(operation), findings);
    }
  },
};

function addsUp(pool: PoolUnits, where: string, name: string, findings: Findings): void {
  const { available, reserved, shipped, sent, received, adjusted, arrived } = pool;
  findings.expect(available + reserved + shipped + sent === received + adjusted + arrived, () => ({
    where,
    what: `${name} does not add up: ${poolText(pool)}`,
  }));
}

const neverNegative = ['available', 'reserved', 'shipped'] as const;

export const noPoolIsNegative: Checker = {
  name: 'no-pool-is-negative',
  promise: 'No pool holds less than nothing, whoever looks and when, and nothing arrives that was not sent: no unit is sold twice',
  judge: ({ history: { operations }, final }, findings) => {
    const judge = (pool: PoolUnits, where: string, name: string): void => {
      for (const field of neverNegative)
        findings.expect(pool[field] >= 0, () => ({ where, what: `${name}: ${pool[field]} ${field} in the pool of ${pool.home}` }));
    };
    for (const { region, pools } of viewsOf(final, findings)) {
      for (const pool of pools) judge(pool, region, pool.sku);
      for (const [sku, units] of sumBy(pools, skuOf, inTransit))
        findings.expect(units >= 0, () => ({ where: region, what: `${sku}: ${units} in transit`, about: sku }));
    }
    // In transit is not judged there: of another region's pool a reader may know a mirror's delay less.
    for (const operation of operations) {
      const answer = okOf(operation)?.answer;
      if (answer?.kind === 'read-stock') for (const pool of answer.pools) judge(pool, 'clients', operationText(operation));
    }
  },
};

/** Neither sold twice nor held for nobody. */
export const reservationsAreOrders: Checker = {
  name: 'reservations-are-orders',
  promise: 'What is reserved or shipped of each sku is what confirmed orders hold, and no unit is held for an order that is over or absent',
  judge: ({ history: { planted }, final }, findings) => {
    const orders = new Map(findings.ofEachRegion(final, 'orders').map(({ region, value }) => [region, value]));
    for (const { region, pools } of viewsOf(final, findings)) takenIsSold(pools, orders.get(region), { region, planted, findings });
    const poolsOf = new Map(findings.ofEachRegion(final, 'pools').map(({ region, value }) => [region, value]));
    for (const { region, value } of findings.ofEachRegion(final, 'reservations')) {
      heldForOrders(value, orders.get(region), { region, findings });
      reservedIsHeld(value, poolsOf.get(region), { region, findings });
    }
  },
};

interface Judging {
  readonly region: Region;
  readonly findings: Findings;
}

function takenIsSold(
  pools: readonly FinalPool[],
  orders: readonly FinalOrder[] | undefined,
  { region, planted, findings }: Judging & { readonly planted: readonly PlantedStock[] },
): void {
  if (orders === undefined) return; // found unreadable
  const lines = orders.filter(({ status }) => status === 'confirmed').flatMap((order) => order.lines);
  const sold = sumBy(lines, skuOf, ({ quantity, returned }) => quantity - returned);
  const out = sumBy(lines, skuOf, ({ shipped, returned }) => shipped - returned);
  const taken = sumBy(pools, skuOf, ({ reserved, shipped }) => reserved + shipped);
  const shipped = sumBy(pools, skuOf, (pool) => pool.shipped);
  for (const sku of new Set([...planted.map(skuOf), ...taken.keys(), ...sold.keys()])) {
    const of = (sums: ReadonlyMap<string, number>): number => sums.get(sku) ?? 0;
    findings.expect(of(taken) === of(sold), () => ({
      where: region,
      what: `${sku}: ${of(taken)} units taken, ${of(sold)} in confirmed orders`,
      about: sku,
    }));
    findings.expect(of(shipped) === of(out), () => ({
      where: region,
      what: `${sku}: ${of(shipped)} units have left the pools, ${of(out)} are shipped and not returned in orders`,
      about: sku,
    }));
  }
}

function heldForOrders(
  reservations: readonly FinalReservation[],
  orders: readonly FinalOrder[] | undefined,
  { region, findings }: Judging,
): void {
  if (orders === undefined) return; // found unreadable
  const known = byId(orders);
  const held = new Map<OrderId, Map<string, number>>();
  for (const { orderId, held: lines } of reservations) {
    let units = held.get(orderId);
    if (units === undefined) held.set(orderId, (units = new Map()));
    for (const { sku, quantity } of lines) units.set(sku, (units.get(sku) ?? 0) + quantity);
  }
  const confirmed = orders.filter(({ status }) => status === 'confirmed').map(({ orderId }) => orderId);
  for (const orderId of new Set([...held.keys(), ...confirmed])) {
    const units = held.get(orderId) ?? new Map<string, number>();
    const order = known.get(orderId);
    const open = sumBy(order?.lines ?? [], skuOf, (line) => (order?.status === 'cancelled' ? 0 : line.quantity - line.shipped));
    const isExact = order?.status === 'confirmed';
    for (const sku of new Set([...units.keys(), ...(isExact ? open.keys() : [])])) {
      const [has, may] = [units.get(sku) ?? 0, open.get(sku) ?? 0];
      findings.expect(isExact ? has === may : has <= may, () => ({
        where: region,
        what: `${has} units of ${sku} are held for order ${orderId}, which is ${order?.status ?? 'absent'} and needs ${may}`,
        about: orderId,
      }));
    }
  }
}

function reservedIsHeld(
  reservations: readonly FinalReservation[],
  pools: readonly FinalPool[] | undefined,
  { region, findings }: Judging,
): void {
  if (pools === undefined) return; // found unreadable
  const held = sumBy(
    reservations.flatMap(({ home, held: lines }) => lines.map((line) => ({ ...line, home }))),
    poolName,
    ({ quantity }) => quantity,
  );
  const reserved = new Map(pools.map((pool) => [poolName(pool), pool.reserved]));
  for (const name of new Set([...held.keys(), ...reserved.keys()])) {
    const [has, says] = [held.get(name) ?? 0, reserved.get(name) ?? 0];
    findings.expect(has === says, () => ({ where: region, what: `${name}: ${says} reserved, but reservations hold ${has}` }));
  }
}
