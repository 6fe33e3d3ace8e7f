import type { OrderId } from '#contracts';
import { askedOrders } from './asked-orders.ts';
import type { Checker } from './checker.ts';
import type { Violation } from './violation.ts';
import type { FinalOrder, FinalPayment, FinalReads, LedgerAccount } from './final-reads.ts';
import type { Findings, Read } from './findings.ts';
import { byId } from './order.checkers.ts';

type Say = (what: string) => () => Violation;
const atProvider =
  (orderId: OrderId): Say =>
  (what) =>
  () => ({ where: 'provider', what: `order ${orderId} ${what}`, about: orderId });

const ledgerOf = (final: FinalReads, findings: Findings): ReadonlyMap<OrderId, LedgerAccount> | undefined => {
  const accounts = findings.the(final.ledger, 'provider', 'its ledger');
  return accounts && new Map(accounts.map((account) => [account.orderId, account]));
};

/** The orders of the first region that could be read: that the others' are equal is another promise. */
const ordersOf = (final: FinalReads, findings: Findings): Read<readonly FinalOrder[]> | undefined =>
  findings.ofEachRegion(final, 'orders')[0];

/** The provider is gullible: a second authorization under another key is carried out, and counted. */
export const cardsAreAuthorizedOnce: Checker = {
  name: 'cards-are-authorized-once',
  promise: 'The provider has authorized each confirmed order exactly once, over its total, and holds nothing for any other',
  judge: ({ history, final }, findings) => {
    const [orders, ledger] = [ordersOf(final, findings), ledgerOf(final, findings)];
    if (orders === undefined || ledger === undefined) return;
    const known = byId(orders.value);
    const ids = new Set([...askedOrders(history).keys(), ...known.keys(), ...ledger.keys()]);
    for (const orderId of ids) authorizedOnce(known.get(orderId), ledger.get(orderId), atProvider(orderId), findings);
  },
};

function authorizedOnce(order: FinalOrder | undefined, account: LedgerAccount | undefined, wrong: Say, findings: Findings): void {
  const times = account?.authorizations ?? 0;
  findings.expect(times <= 1, wrong(`was authorized ${times} times`));
  if (order?.status !== 'confirmed')
    return findings.expect(heldFor(account) === 0, wrong(`is ${order?.status ?? 'absent'}, but its card is held`));
  if (order.totalMinor === 0) return findings.expect(times === 0, wrong('costs nothing, and was authorized'));
  findings.expect(times > 0, wrong('is confirmed, but was never authorized'));
  findings.expect(account?.voided !== true, wrong('is confirmed, but its authorization was voided'));
  // Of two authorizations the sum says nothing more.
  if (account !== undefined && times === 1)
    findings.expect(
      account.authorizedMinor === order.totalMinor,
      wrong(`of ${order.totalMinor} was authorized over ${account.authorizedMinor}`),
    );
  return undefined;
}

const heldFor = (account: LedgerAccount | undefined): number =>
  account === undefined ? 0 : account.capturedMinor - account.refundedMinor + (account.voided ? 0 : account.authorizedMinor);

export const capturesAreShipments: Checker = {
  name: 'captures-are-shipments',
  promise: 'Of each order at most what shipped is captured, and at most what came back, of what was captured, is refunded',
  judge: ({ final }, findings) => {
    const [orders, ledger] = [ordersOf(final, findings), ledgerOf(final, findings)];
    if (orders !== undefined && ledger !== undefined) {
      const known = byId(orders.value);
      for (const [orderId, account] of ledger) covered(known.get(orderId), account, atProvider(orderId), findings);
    }
    const ordersIn = new Map(findings.ofEachRegion(final, 'orders').map(({ region, value }) => [region, byId(value)]));
    for (const { region, value } of findings.ofEachRegion(final, 'payments'))
      for (const payment of value) {
        const { orderId } = payment;
        const wrong: Say = (what) => () => ({ where: region, what: `order ${orderId} ${what}`, about: orderId });
        covered(ordersIn.get(region)?.get(orderId), payment, wrong, findings);
      }
  },
};

function covered(
  order: Pick<FinalOrder, 'shippedMinor' | 'returnedMinor'> | undefined,
  { capturedMinor, refundedMinor }: Pick<LedgerAccount, 'capturedMinor' | 'refundedMinor'>,
  wrong: Say,
  findings: Findings,
): void {
  const { shippedMinor, returnedMinor } = order ?? { shippedMinor: 0, returnedMinor: 0 };
  findings.expect(capturedMinor <= shippedMinor, wrong(`was charged ${capturedMinor}, and goods worth ${shippedMinor} were shipped`));
  findings.expect(refundedMinor <= capturedMinor, wrong(`was refunded ${refundedMinor} of ${capturedMinor} that were charged`));
  findings.expect(refundedMinor <= returnedMinor, wrong(`was refunded ${refundedMinor}, and goods worth ${returnedMinor} came back`));
}

export const ledgerAgrees: Checker = {
  name: 'ledger-agrees',
  promise: "The provider's own ledger says of every payment what every region says of it",
  judge: ({ final }, findings) => {
    const regions = findings.ofEachRegion(final, 'payments');
    const ledger = ledgerOf(final, findings);
    if (ledger === undefined) return;
    for (const { region, value } of regions) {
      const payments = new Map(value.map((payment) => [payment.orderId, payment]));
      for (const orderId of new Set([...payments.keys(), ...ledger.keys()])) {
        const [ours, theirs] = [sideOf(payments.get(orderId)), accountSide(ledger.get(orderId))];
        findings.expect(ours === theirs, () => ({
          where: region,
          what: `the payment of order ${orderId} is ${ours}; the provider says ${theirs}`,
          about: orderId,
        }));
      }
    }
  },
};

const money = (held: 'held' | 'voided', authorizedMinor: number, capturedMinor: number, refundedMinor: number): string =>
  `${held}: ${authorizedMinor} authorized, ${capturedMinor} captured, ${refundedMinor} refunded`;
const noMoney = 'no money';

/** What has not been answered is compared as if it had been done: nothing is under way in a system at rest. */
function sideOf(payment: FinalPayment | undefined): string {
  if (payment === undefined || payment.status === 'declined' || payment.status === 'authorizing') return noMoney;
  const { status, authorizedMinor, capturedMinor, refundedMinor } = payment;
  return money(status === 'authorized' ? 'held' : 'voided', authorizedMinor, capturedMinor, refundedMinor);
}

/** An account of nothing but declines, or of a void that found nothing, is no money. */
function accountSide(account: LedgerAccount | undefined): string {
  if (account === undefined || account.authorizations === 0) return noMoney;
  const { voided, authorizedMinor, capturedMinor, refundedMinor } = account;
  return money(voided ? 'voided' : 'held', authorizedMinor, capturedMinor, refundedMinor);
}
