import { sku, type Region, type Sku, type Topology } from '#contracts';
import { stockTheShelves } from '../../replay/stock-the-shelves.ts';
import { Timings } from '../../replay/timings.ts';
import type { ApiClient } from '../../replay/api-client.ts';
import type { DueOrder } from '../recording.ts';
import { unitsWanted, type DrillGoods } from './load-schedule.ts';

const plentyCount = 12;
const unitPriceMinor = 1_250;
/** Of the scarce sku's demand. */
const scarceCover = 0.5;

export const drillGoods = (name: string): DrillGoods => ({
  plenty: Array.from({ length: plentyCount }, (_, i) => sku(`${name}-SKU-${i}`)) as unknown as readonly [Sku, ...Sku[]],
  scarce: sku(`${name}-SCARCE`),
});

/**
 * Units to receive, by home and sku: twice what the load wants of what there is plenty of, half of what it wants of the scarce one.
 */
export function unitsToReceive(
  orders: readonly DueOrder[],
  { plenty, scarce }: DrillGoods,
  homes: readonly Region[],
): ReadonlyMap<Region, ReadonlyMap<Sku, number>> {
  return new Map(
    homes.map((home) => {
      const wanted = unitsWanted(orders.filter(({ client }) => client.home === home));
      const units = new Map<Sku, number>(plenty.map((of) => [of, 2 * (wanted.get(of) ?? 0) + 1]));
      return [home, units.set(scarce, Math.ceil(scarceCover * (wanted.get(scarce) ?? 0)) + 1)];
    }),
  );
}

/** Lists the drill's products and receives their units. */
export async function stockTheDrill(
  goods: DrillGoods,
  units: ReadonlyMap<Region, ReadonlyMap<Sku, number>>,
  { client, topology }: { readonly client: ApiClient; readonly topology: Topology },
): Promise<void> {
  const products = [...goods.plenty, goods.scarce].map((of) => ({ sku: of, name: `Drill goods ${of}`, unitPriceMinor }));
  const receipts = Array.from(units, ([region, skus]) => Array.from(skus, ([of, quantity]) => ({ region, sku: of, quantity }))).flat();
  await stockTheShelves({ products, receipts }, { client, topology, timings: new Timings() });
}
