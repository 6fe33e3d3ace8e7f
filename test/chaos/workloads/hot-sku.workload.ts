import { someLines, untilClear, type Workload } from './workload.ts';

/** Everybody wants the same sku, of which there is too little, from unequal pools: units must travel, and some buyers be turned down. */
export const hotSku: Workload = {
  name: 'hot-sku',
  asks: 'Is no unit sold twice, none lost on its way between the pools, and none held for an order that is over?',
  sessionsPerHome: 4,
  restMs: [200, 900],
  round: async (session, context, random) => {
    const key = session.newKey();
    const scarce = { sku: context.goods.scarce, quantity: 1 + random.below(2) };
    // Some want goods there is plenty of as well: what was reserved of them must come back when the scarce ones are not to be had.
    const lines = random.chance(0.3) ? [scarce, ...someLines(context, random, 1)] : [scarce];
    await untilClear(context, session.customer.home, 6, (region) => session.place(region, key, lines));
    if (random.chance(0.2) && !context.over.aborted) await session.cancel(session.customer.home, session.orderIdOf(key));
    if (random.chance(0.3) && !context.over.aborted)
      await session.readStock(random.pick(context.regions), context.goods.scarce, session.seen);
  },
};
