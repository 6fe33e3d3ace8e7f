import type { OrderId, Region } from '#contracts';
import type { Checker } from './checker.ts';
import type { FinalOrder, FinalPayment } from './final-reads.ts';
import type { Findings } from './findings.ts';
import { operationText, seconds } from './texts.ts';

/** Liveness: what was begun came to its end. */
export const everyOrderIsDecided: Checker = {
  name: 'every-order-is-decided',
  promise: 'Every order is confirmed or cancelled; none is left in between',
  judge: ({ final }, findings) => {
    for (const { region, value } of findings.ofEachRegion(final, 'orders'))
      for (const { orderId, status } of value)
        findings.expect(status === 'confirmed' || status === 'cancelled', () => ({
          where: region,
          what: `order ${orderId} is still ${status}`,
          about: orderId,
        }));
  },
};

/** Liveness: nothing that follows from a decision is owed any more. */
export const nothingIsOwed: Checker = {
  name: 'nothing-is-owed',
  promise:
    'What shipped is captured and what came back refunded, unless the provider refused; no stock waits or is on its way; nothing is unanswered',
  judge: ({ final }, findings) => {
    const payments = new Map(findings.ofEachRegion(final, 'payments').map(({ region, value }) => [region, value]));
    for (const [region, value] of payments)
      for (const { orderId, status, outstanding } of value)
        findings.expect(status !== 'authorizing' && status !== 'voiding' && outstanding === 0, () => ({
          where: region,
          what: `the payment of order ${orderId} is ${status}, with ${outstanding} captures or refunds unanswered`,
          about: orderId,
        }));
    for (const { region, value } of findings.ofEachRegion(final, 'orders')) {
      const paid = payments.get(region);
      if (paid !== undefined) moneyFollows(value, new Map(paid.map((payment) => [payment.orderId, payment])), region, findings);
    }
    for (const { region, value } of findings.ofEachRegion(final, 'pools'))
      for (const [sku, pools] of Map.groupBy(value, (pool) => pool.sku)) {
        const units = pools.reduce((sum, { sent, arrived }) => sum + sent - arrived, 0);
        findings.expect(units <= 0, () => ({ where: region, what: `${units} units of ${sku} never arrived`, about: sku }));
      }
    for (const { region, value } of findings.ofEachRegion(final, 'reservations'))
      for (const { orderId, shard, status } of value)
        findings.expect(status !== 'awaiting', () => ({
          where: region,
          what: `the reservation of order ${orderId} in ${shard} still waits for stock`,
          about: orderId,
        }));
  },
};

function moneyFollows(
  orders: readonly FinalOrder[],
  payments: ReadonlyMap<OrderId, FinalPayment>,
  where: Region,
  findings: Findings,
): void {
  for (const { orderId, shippedMinor, returnedMinor } of orders) {
    const { capturedMinor, refundedMinor, refused } = payments.get(orderId) ?? { capturedMinor: 0, refundedMinor: 0, refused: 0 };
    if (refused > 0) continue; // what the provider refuses is for a person
    const what = (verb: string, moved: number, done: string, money: number): string =>
      `order ${orderId}: ${moved} ${verb}, ${money} ${done}`;
    findings.expect(capturedMinor >= shippedMinor, () => ({
      where,
      what: what('shipped', shippedMinor, 'captured', capturedMinor),
      about: orderId,
    }));
    findings.expect(refundedMinor >= returnedMinor, () => ({
      where,
      what: what('returned', returnedMinor, 'refunded', refundedMinor),
      about: orderId,
    }));
  }
}

export const answersComeInTime: Checker = {
  name: 'answers-come-in-time',
  promise: 'Every client has heard something by its deadline, be it that nobody knows: nothing hangs',
  judge: ({ history }, findings) => {
    const { operations, endedMs } = history;
    for (const operation of operations) {
      const { completion, deadlineMs } = operation;
      // One that is open and not yet due when the recording ends may still be answered in time.
      if (completion === undefined && endedMs < deadlineMs) continue;
      findings.expect(completion !== undefined && completion.atMs <= deadlineMs, () => ({
        where: 'clients',
        what:
          completion === undefined
            ? `${operationText(operation)} was never answered; its deadline was ${seconds(deadlineMs)}`
            : `${operationText(operation)} was answered (${completion.outcome}) at ${seconds(completion.atMs)}, after its deadline ${seconds(deadlineMs)}`,
      }));
    }
  },
};
