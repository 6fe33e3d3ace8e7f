import { sku as skuOf } from '#contracts';
import { someLines, untilClear, type Workload } from './workload.ts';

/**
 * Half of the orders are cancelled again, at once: while they are being confirmed, or before it is known that they exist. Now and then one is of
 * goods that nobody lists: what is refused must not be there either.
 */
export const placeAndCancel: Workload = {
  name: 'place-and-cancel',
  asks: 'Is every acknowledged order there, once, and is every cancelled one released and its authorization voided?',
  sessionsPerHome: 4,
  restMs: [300, 1_200],
  round: async (session, context, random) => {
    const [key, via] = [session.newKey(), session.customer.home];
    const lines = random.chance(0.1) ? [{ sku: skuOf(context.shop.name('unlisted')), quantity: 1 }] : someLines(context, random);
    await untilClear(context, via, 6, (region) => session.place(region, key, lines));
    if (!random.chance(0.5) || context.over.aborted) return;
    await untilClear(context, via, 6, (region) => session.cancel(region, session.orderIdOf(key)));
  },
};
