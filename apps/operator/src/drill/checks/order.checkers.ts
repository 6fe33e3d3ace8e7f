import type { OrderId } from '#contracts';
import type { RecordedOrder } from '../recording.ts';
import type { Checker, Evidence, OrderSeen, RegionEvidence, Violation } from './evidence.ts';

const isAcknowledged = ({ outcome }: RecordedOrder): boolean => outcome.kind === 'acknowledged';
const seenIn = ({ orders }: RegionEvidence, id: OrderId): OrderSeen =>
  orders.get(id) ?? { kind: 'unreadable', because: 'it was not asked for' };
const named = ({ orderId, key }: RecordedOrder): string => `order ${orderId} (key ${key})`;

/** The heart of the drill: whoever was told that an order is placed finds it, whichever region is asked. */
export const acknowledgedOrdersArePresent: Checker = {
  name: 'acknowledged-orders-are-present',
  promise: 'Every acknowledged order is present in every region, with the lines that were asked for',
  check: ({ recorded, regions }) =>
    recorded.filter(isAcknowledged).flatMap((order) => regions.flatMap((region) => wrongWithOrder(order, region))),
};

function wrongWithOrder(order: RecordedOrder, region: RegionEvidence): readonly Violation[] {
  const seen = seenIn(region, order.orderId);
  const violation = (what: string): readonly Violation[] => [{ where: region.region, what: `${named(order)} ${what}` }];
  if (seen.kind === 'absent') return violation(`was acknowledged after ${seconds(order.endMs)} of load and is absent`);
  if (seen.kind === 'unreadable') return violation(`could not be read: ${seen.because}`);
  const asked = linesText(order.lines);
  const found = linesText(seen.order.lines);
  return asked === found ? [] : violation(`was asked for ${asked}, and holds ${found}`);
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
const linesText = (lines: readonly { readonly sku: string; readonly quantity: number }[]): string =>
  lines.map(({ sku, quantity }) => `${quantity} of ${sku}`).join(', ');

export const ordersAreEqual: Checker = {
  name: 'orders-are-equal',
  promise: 'Every order, also one whose answer is unknown, is the same in every region',
  check: ({ recorded, regions: [first, ...others] }) => {
    if (first === undefined) return [];
    return recorded.flatMap((order) => {
      const here = textOf(seenIn(first, order.orderId));
      return others.flatMap((other) => {
        const there = textOf(seenIn(other, order.orderId));
        return here === there ? [] : [{ where: other.region, what: `${named(order)} is ${there} there, and ${here} in ${first.region}` }];
      });
    });
  },
};

/** Fields in order of name, so that only what they say counts. */
const textOf = (seen: OrderSeen): string =>
  seen.kind === 'present' ? JSON.stringify(Object.entries(seen.order).sort(([a], [b]) => (a < b ? -1 : 1))) : seen.kind;

export const nothingRefusedIsPlaced: Checker = {
  name: 'nothing-refused-is-placed',
  promise: 'No order that was refused is present anywhere',
  check: ({ recorded, regions }) =>
    recorded
      .filter(({ outcome }) => outcome.kind === 'refused')
      .flatMap((order) =>
        regions
          .filter((region) => seenIn(region, order.orderId).kind === 'present')
          .map(({ region }) => ({ where: region, what: `${named(order)} was refused and is present` })),
      ),
};

export const oneOrderPerKey: Checker = {
  name: 'one-order-per-key',
  promise: 'No key made more than one order, and no order stands that nobody asked for',
  check: ({ recorded, regions }) => {
    const asked = new Map<string, RecordedOrder>(recorded.map((order) => [order.orderId, order]));
    return regions.flatMap(({ region, tables }) =>
      Array.from(tables.orders).flatMap(([id, { customer, units }]) => {
        const order = asked.get(id);
        if (order === undefined) return [{ where: region, what: `order ${id} of ${customer} answers to no key of the drill` }];
        const wanted = order.lines.reduce((sum, { quantity }) => sum + quantity, 0);
        return units === wanted ? [] : [{ where: region, what: `${named(order)} has ${units} units, ${wanted} were asked for` }];
      }),
    );
  },
};

/** Liveness: what was begun came to its end. */
export const everyOrderIsDecided: Checker = {
  name: 'every-order-is-decided',
  promise: 'Every order is confirmed or cancelled; none is left in between',
  check: ({ regions }: Evidence) =>
    regions.flatMap(({ region, tables }) =>
      Array.from(tables.orders)
        .filter(([, { status }]) => status !== 'confirmed' && status !== 'cancelled')
        .map(([id, { status }]) => ({ where: region, what: `order ${id} is still ${status}` })),
    ),
};
