import type { LineUnits } from '#checkers';
import type { OrderId } from '#contracts';
import type { ClientSession } from './client-session.ts';
import type { LoadContext } from './load-context.ts';
import { rest, someLines, untilClear, type Workload } from './workload.ts';

const looksMax = 12;
const lookEveryMs = 500;

/** Orders that go all the way: confirmed, shipped in one or two parcels, some of it sent back. Money moves at each step. */
export const buyAndReturn: Workload = {
  name: 'buy-and-return',
  asks: 'Is each card authorized once, charged for what was shipped and no more, and refunded for what came back?',
  sessionsPerHome: 4,
  restMs: [200, 800],
  round: async (session, context, random) => {
    const [key, home] = [session.newKey(), session.customer.home];
    const orderId = session.orderIdOf(key);
    const lines = someLines(context, random);
    const placed = await untilClear(context, home, 6, (region) => session.place(region, key, lines, 5));
    if (placed.outcome !== 'ok' || !(await isConfirmed(session, context, orderId))) return;
    const units: readonly LineUnits[] = lines.map(({ quantity }, index) => ({ lineNumber: index + 1, quantity }));
    const parcels = units.length > 1 && random.chance(0.5) ? units.map((unit) => [unit]) : [units];
    for (const [index, parcel] of parcels.entries()) {
      if (context.over.aborted) return;
      const shipped = await untilClear(context, home, 6, (region) => session.ship(region, orderId, `${key}-parcel-${index}`, parcel));
      if (shipped.outcome !== 'ok' || !random.chance(0.5)) continue;
      const back = parcel.map(({ lineNumber, quantity }) => ({ lineNumber, quantity: 1 + random.below(quantity) }));
      await untilClear(context, home, 6, (region) => session.sendBack(region, orderId, `${key}-back-${index}`, back));
    }
  },
};

async function isConfirmed(session: ClientSession, context: LoadContext, orderId: OrderId): Promise<boolean> {
  for (let looked = 0; looked < looksMax && !context.over.aborted; looked++) {
    const via = context.regions[looked % context.regions.length]!;
    const read = await session.readOrder(via, orderId, session.seen);
    const order = read.outcome === 'ok' && read.answer.kind === 'read-order' ? read.answer.order : undefined;
    if (order !== undefined && order !== 'absent' && order.status !== 'pending') return order.status === 'confirmed';
    await rest(context, lookEveryMs);
  }
  return false;
}
