import type { LedgerAccount } from '../../replay/compare/provider-ledger.ts';
import type { Checker, Violation } from './evidence.ts';

/** The provider is gullible: a second authorization under another key is carried out, and counted. */
export const cardsAreAuthorizedOnce: Checker = {
  name: 'cards-are-authorized-once',
  promise: 'The provider has authorized each confirmed order exactly once, over its total, and holds nothing for any other',
  check: ({ recorded, regions, ledger }) => {
    const orders = regions[0]?.tables.orders;
    if (orders === undefined) return [];
    return recorded.flatMap(({ orderId }) => {
      const order = orders.get(orderId);
      const account = ledger.get(orderId);
      const wrong = (what: string): readonly Violation[] => [{ where: 'provider', what: `order ${orderId} ${what}` }];
      if (order?.status !== 'confirmed')
        return heldFor(account) === 0 ? [] : wrong(`is ${order?.status ?? 'absent'}, but its card is held`);
      if (account === undefined) return wrong('is confirmed, but was never authorized');
      if (account.authorizations !== 1) return wrong(`was authorized ${account.authorizations} times`);
      if (account.voided) return wrong('is confirmed, but its authorization was voided');
      if (account.charges !== 0) return wrong(`was charged ${account.charges} times, though nothing was shipped`);
      return account.authorizedMinor === order.totalMinor
        ? []
        : wrong(`of ${order.totalMinor} was authorized over ${account.authorizedMinor}`);
    });
  },
};

const heldFor = (account: LedgerAccount | undefined): number =>
  account === undefined || account.voided ? 0 : account.authorizedMinor + account.capturedMinor;

export const projectionsAreEqual: Checker = {
  name: 'projections-are-equal',
  promise: 'Every projection has equal checksums in all regions',
  check: ({ projections }) =>
    projections.length === 0
      ? [{ where: 'regions', what: 'no projector answered' }]
      : projections
          .filter(({ verdict }) => verdict !== 'equal')
          .map(({ projection, verdict }) => ({ where: 'regions', what: `${projection}: ${verdict}` })),
};
