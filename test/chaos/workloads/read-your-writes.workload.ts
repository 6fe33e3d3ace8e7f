import { someLines, untilClear, type Workload } from './workload.ts';

/** After each write its session reads, in whichever region, showing the token of all that it was told so far. */
export const readYourWrites: Workload = {
  name: 'read-your-writes',
  asks: 'Does a read that shows a token see all that its bearer was told, in either region, and never less than before?',
  sessionsPerHome: 4,
  restMs: [200, 800],
  round: async (session, context, random) => {
    const [key, home] = [session.newKey(), session.customer.home];
    const lines = someLines(context, random, 1);
    const anyRegion = () => random.pick(context.regions);
    await untilClear(context, home, 6, (region) => session.place(region, key, lines));
    if (context.over.aborted) return;
    await session.readOrder(anyRegion(), session.orderIdOf(key), session.seen);
    await session.listOrders(anyRegion(), session.seen);
    if (context.over.aborted) return;
    await session.readStock(anyRegion(), lines[0]!.sku, session.seen);
    if (random.chance(0.3) && !context.over.aborted) {
      await untilClear(context, home, 6, (region) => session.cancel(region, session.orderIdOf(key)));
      await session.readOrder(anyRegion(), session.orderIdOf(key), session.seen);
    }
  },
};
