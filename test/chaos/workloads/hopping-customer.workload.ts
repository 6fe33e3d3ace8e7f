import { someLines, untilClear, type Workload } from './workload.ts';

/** One customer with several devices, each asking the other region every time; every key is used at both. */
export const hoppingCustomer: Workload = {
  name: 'hopping-customer',
  asks: 'Does one key make one order, whichever region is asked, and do both regions tell one customer one story?',
  sessionsPerHome: 3,
  oneCustomerPerHome: true,
  restMs: [100, 700],
  round: async (session, context, random) => {
    const key = session.newKey();
    const lines = someLines(context, random);
    const [here, there] = random.shuffled(context.regions) as [(typeof context.regions)[0], (typeof context.regions)[0]];
    const twice = random.chance(0.5);
    await Promise.all([
      untilClear(context, here, 6, (region) => session.place(region, key, lines)),
      ...(twice ? [untilClear(context, there, 6, (region) => session.place(region, key, lines))] : []),
    ]);
    if (context.over.aborted) return;
    await session.readOrder(there, session.orderIdOf(key), session.seen);
    if (random.chance(0.4) && !context.over.aborted)
      await untilClear(context, there, 6, (region) => session.cancel(region, session.orderIdOf(key)));
    if (!context.over.aborted) await session.listOrders(here, session.seen);
  },
};
