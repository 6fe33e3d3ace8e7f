import type { Checker, RegionEvidence, Violation } from './evidence.ts';

export const stockIsConserved: Checker = {
  name: 'stock-is-conserved',
  promise: 'Of each sku, received = on hand + reserved + in transit + shipped, in every region',
  check: ({ regions, received }) =>
    regions.flatMap(({ region, stock }) =>
      Array.from(received).flatMap(([sku, units]) => {
        const found = stock.get(sku)?.total;
        if (found === undefined) return [{ where: region, what: `the stock of ${sku} could not be read` }];
        const { available, reserved, inTransit, shipped } = found;
        const sum = available + reserved + inTransit + shipped;
        return sum === units
          ? []
          : [
              {
                where: region,
                what: `${sku}: ${units} received, but ${available} on hand + ${reserved} reserved + ${inTransit} in transit + ${shipped} shipped = ${sum}`,
              },
            ];
      }),
    ),
};

export const noPoolIsNegative: Checker = {
  name: 'no-pool-is-negative',
  promise: 'No pool holds less than nothing: no unit is sold twice',
  check: ({ regions }) =>
    regions.flatMap(({ region, stock }) =>
      Array.from(stock).flatMap(([sku, { pools }]) =>
        pools.flatMap((pool) =>
          (['available', 'reserved', 'shipped'] as const)
            .filter((what) => pool[what] < 0)
            .map((what) => ({ where: region, what: `${sku}: ${pool[what]} ${what} in the pool of ${pool.region}` })),
        ),
      ),
    ),
};

/** The drill ships nothing, so what confirmed orders hold is what pools have reserved: neither sold twice nor held for nobody. */
export const reservationsAreOrders: Checker = {
  name: 'reservations-are-orders',
  promise: 'What is reserved or shipped of each sku is what confirmed orders hold',
  check: ({ regions, recorded, received }) =>
    regions.flatMap((region) => {
      const held = unitsOfConfirmed(region, recorded);
      return Array.from(received.keys()).flatMap((sku): readonly Violation[] => {
        const total = region.stock.get(sku)?.total;
        if (total === undefined) return [{ where: region.region, what: `the stock of ${sku} could not be read` }];
        const [taken, sold] = [total.reserved + total.shipped, held.get(sku) ?? 0];
        return taken === sold ? [] : [{ where: region.region, what: `${sku}: ${taken} units taken, ${sold} in confirmed orders` }];
      });
    }),
};

function unitsOfConfirmed(
  { tables }: RegionEvidence,
  recorded: readonly { readonly orderId: string; readonly lines: readonly { readonly sku: string; readonly quantity: number }[] }[],
): ReadonlyMap<string, number> {
  const units = new Map<string, number>();
  for (const { orderId, lines } of recorded)
    if (tables.orders.get(orderId)?.status === 'confirmed')
      for (const { sku, quantity } of lines) units.set(sku, (units.get(sku) ?? 0) + quantity);
  return units;
}
