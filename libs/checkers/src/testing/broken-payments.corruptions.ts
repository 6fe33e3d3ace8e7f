import { any, change, changeLedger, itemsOf, nobody, one, valueOf, without, type Corruption, type ItemOf } from './planting.ts';

type Payment = ItemOf<'payments'>;
const isHeld = ({ status }: Payment): boolean => status === 'authorized';
const isOfConfirmed = ({ voided }: { voided: boolean }): boolean => !voided;

export const brokenPayments: readonly Corruption[] = [
  {
    what: 'a card is authorized twice',
    finds: 'cards-are-authorized-once',
    plant: changeLedger(any, (account) => Object.assign(account, { authorizations: 2, authorizedMinor: 2 * account.authorizedMinor })),
  },
  {
    what: "a confirmed order's authorization is voided",
    finds: 'cards-are-authorized-once',
    plant: changeLedger(isOfConfirmed, (account) => void (account.voided = true)),
  },
  {
    what: 'another sum is authorized',
    finds: 'cards-are-authorized-once',
    plant: changeLedger(isOfConfirmed, (account) => void (account.authorizedMinor -= 1)),
  },
  {
    what: "a cancelled order's card is still held",
    finds: 'cards-are-authorized-once',
    plant: changeLedger(
      ({ voided }) => voided,
      (account) => void (account.voided = false),
    ),
  },
  {
    what: 'no authorization of a confirmed order is known',
    finds: 'cards-are-authorized-once',
    plant: changeLedger(isOfConfirmed, without),
  },
  {
    what: 'a card is held for nobody',
    finds: 'cards-are-authorized-once',
    plant: changeLedger(any, (account, all) => void all.push({ ...account, orderId: nobody, voided: false })),
  },
  {
    what: 'an order that costs nothing is authorized',
    finds: 'cards-are-authorized-once',
    plant: (evidence, pick) => {
      const free = one(
        itemsOf(evidence.final.regions[0]!, 'orders').filter(({ status, totalMinor }) => status === 'confirmed' && totalMinor === 0),
        pick,
      );
      const money = { authorizedMinor: 0, voided: false, charges: 0, capturedMinor: 0, refundedMinor: 0 };
      if (free !== undefined) valueOf(evidence.final.ledger).push({ orderId: free.orderId, authorizations: 1, ...money });
      return free !== undefined;
    },
  },
  {
    what: 'a card is charged without a shipment',
    finds: 'captures-are-shipments',
    plant: changeLedger(any, (account) =>
      Object.assign(account, { charges: account.charges + 1, capturedMinor: account.capturedMinor + 1 }),
    ),
  },
  {
    what: 'more is refunded than was charged',
    finds: 'captures-are-shipments',
    plant: changeLedger(any, (account) => void (account.refundedMinor = account.capturedMinor + 1)),
  },
  {
    what: 'goods come back whose charge is not known',
    finds: 'captures-are-shipments',
    plant: changeLedger(
      ({ refundedMinor }) => refundedMinor > 0,
      (account) => void (account.capturedMinor = account.refundedMinor - 1),
    ),
  },
  {
    what: 'money is given back for goods that did not come back',
    finds: 'captures-are-shipments',
    plant: changeLedger(
      ({ capturedMinor, refundedMinor }) => refundedMinor < capturedMinor,
      (account) => void (account.refundedMinor += 1),
    ),
  },
  {
    what: 'both regions believe that more was captured',
    finds: 'captures-are-shipments',
    plant: change('payments', 'in both', any, (payment) => void (payment.capturedMinor += 1)),
  },
  {
    what: 'the regions believe in a capture that the provider does not know',
    finds: 'ledger-agrees',
    plant: changeLedger(
      ({ capturedMinor }) => capturedMinor > 0,
      (account) => Object.assign(account, { capturedMinor: 0, refundedMinor: 0 }),
    ),
  },
  {
    what: 'the provider knows of a payment that the regions do not',
    finds: 'ledger-agrees',
    plant: change('payments', 'in both', isHeld, without),
  },
  {
    what: 'the regions say declined, the provider has authorized',
    finds: 'ledger-agrees',
    plant: change('payments', 'in both', isHeld, (payment) => Object.assign(payment, { status: 'declined', authorizedMinor: 0 })),
  },
  {
    what: 'a payment differs in one region',
    finds: 'payments-are-equal',
    plant: change('payments', 'in west', any, (payment) => void (payment.refused += 1)),
  },
  {
    what: 'a capture is never answered',
    finds: 'nothing-is-owed',
    plant: change('payments', 'in both', any, (payment) => void (payment.outstanding += 1)),
  },
  {
    what: 'a void is never carried out',
    finds: 'nothing-is-owed',
    plant: change('payments', 'in both', any, (payment) => void (payment.status = 'voiding')),
  },
  {
    what: 'a shipment is never captured',
    finds: 'nothing-is-owed',
    plant: change('orders', 'in both', any, (order) => void (order.shippedMinor += 1)),
  },
  {
    what: 'a return is never refunded',
    finds: 'nothing-is-owed',
    plant: change('orders', 'in both', any, (order) => void (order.returnedMinor += 1)),
  },
];

export const brokenSums: readonly Corruption[] = [
  {
    what: 'checksums differ',
    finds: 'projections-are-equal',
    plant: ({ final }) => valueOf(final.regions[1]!.checksums).set('order.orders', 'another') !== undefined,
  },
  {
    what: 'a projection is missing in one region',
    finds: 'projections-are-equal',
    plant: ({ final }) => valueOf(final.regions[1]!.checksums).delete('order.orders'),
  },
  {
    what: 'no projector answers',
    finds: 'projections-are-equal',
    plant: ({ final }) => {
      for (const { checksums } of final.regions) valueOf(checksums).clear();
      return true;
    },
  },
];
