import type { OrderId, Region } from '#contracts';
import { acknowledged, askedOrders, firstAcknowledged, isRefused, keyOf, type AskedOrder } from './asked-orders.ts';
import type { Checker } from './checker.ts';
import type { Violation } from './violation.ts';
import type { FinalOrder, FinalReads, Reading, ShownOrder } from './final-reads.ts';
import type { Findings } from './findings.ts';
import type { SkuUnits } from './history.ts';
import { linesText, seconds, unitsOf } from './texts.ts';

type Place = AskedOrder['places'][number];
const named = ({ asked: { orderId, key } }: Place): string => `order ${orderId} (key ${key})`;

/** The heart of all of it: whoever was told that an order is placed finds it, whichever region is asked. */
export const acknowledgedOrdersArePresent: Checker = {
  name: 'acknowledged-orders-are-present',
  promise: 'Every acknowledged order is present in every region, with the lines that were asked for',
  judge: ({ history, final }, findings) => {
    const told = [...askedOrders(history).values()].flatMap(({ places }) => firstAcknowledged(places) ?? []);
    for (const { region, seen } of viewsOf(final, findings))
      for (const place of told) {
        const found = seen(place.asked.orderId);
        const violation = (what: string) => (): Violation => ({
          where: region,
          what: `${named(place)} ${what}`,
          about: place.asked.orderId,
        });
        if (found.kind === 'unreadable') findings.expect(false, violation(`could not be read: ${found.because}`));
        else if (found.value === 'absent')
          findings.expect(false, violation(`was acknowledged after ${seconds(acknowledged(place.operation)!.atMs)} and is absent`));
        else {
          const [asked, holds] = [linesText(place.asked.lines), linesText(found.value.lines)];
          findings.expect(asked === holds, violation(`was asked for ${asked}, and holds ${holds}`));
        }
      }
  },
};

interface View {
  readonly region: Region;
  readonly seen: (order: OrderId) => Reading<{ readonly lines: readonly SkuUnits[] } | 'absent'>;
}

/** Each region's table, and its public API where it was asked. */
function viewsOf(final: FinalReads, findings: Findings): readonly View[] {
  const tables = findings.ofEachRegion(final, 'orders').map(({ region, value }): View => {
    const orders = byId(value);
    return { region, seen: (order) => ({ kind: 'read', value: orders.get(order) ?? 'absent' }) };
  });
  const shown = final.regions.flatMap(({ region, shown: api }): View[] =>
    api === undefined ? [] : [{ region, seen: shownIn(api.orders) }],
  );
  return [...tables, ...shown];
}

const notAsked = { kind: 'unreadable', because: 'it was not asked for' } as const;
const shownIn =
  (orders: ReadonlyMap<OrderId, Reading<ShownOrder | 'absent'>>): View['seen'] =>
  (order) =>
    orders.get(order) ?? notAsked;

export const byId = (orders: readonly FinalOrder[]): ReadonlyMap<OrderId, FinalOrder> =>
  new Map(orders.map((order) => [order.orderId, order]));

/** One key, one order, however often and wherever it is asked: the same order answers, and it holds its lines once. */
export const oneOrderPerKey: Checker = {
  name: 'one-order-per-key',
  promise: 'No key made more than one order: it is always answered with the same one, which holds its lines once',
  judge: ({ history, final }, findings) => {
    const orders = askedOrders(history);
    const answeredWith = new Map<string, OrderId>();
    for (const { places } of orders.values())
      for (const place of places) {
        const answer = acknowledged(place.operation)?.answer;
        if (answer?.kind !== 'place') continue;
        const key = keyOf(place.asked);
        const first = answeredWith.get(key) ?? place.asked.orderId;
        answeredWith.set(key, first);
        findings.expect(answer.orderId === first, () => ({
          where: 'clients',
          what: `key ${place.asked.key} of ${place.asked.customer} was answered with ${answer.orderId}, and is order ${first}`,
          about: first,
        }));
      }
    for (const { region, value } of findings.ofEachRegion(final, 'orders')) {
      const seen = new Set<OrderId>();
      for (const order of value) {
        const { orderId } = order;
        findings.expect(!seen.has(orderId), () => ({ where: region, what: `order ${orderId} stands twice`, about: orderId }));
        seen.add(orderId);
        const places = orders.get(orderId)?.places ?? [];
        if (places.length === 0) continue; // nobody asked for it: that is another promise
        const units = unitsOf(order.lines);
        findings.expect(
          places.some(({ asked }) => unitsOf(asked.lines) === units),
          () => ({
            where: region,
            what: `${named(places[0]!)} has ${units} units, ${unitsOf(places[0]!.asked.lines)} were asked for`,
            about: orderId,
          }),
        );
      }
    }
  },
};

export const nothingRefusedIsPlaced: Checker = {
  name: 'nothing-refused-is-placed',
  promise: 'No order that was refused is present anywhere',
  judge: ({ history, final }, findings) => {
    const refused = [...askedOrders(history).values()].filter(({ places }) => isRefused(places));
    for (const { region, seen } of viewsOf(final, findings))
      for (const { orderId, places } of refused) {
        const found = seen(orderId);
        findings.expect(found.kind === 'unreadable' || found.value === 'absent', () => ({
          where: region,
          what: `${named(places[0]!)} was refused and is present`,
          about: orderId,
        }));
      }
  },
};
