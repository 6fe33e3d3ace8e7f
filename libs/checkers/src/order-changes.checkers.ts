import type { OrderId } from '#contracts';
import { acknowledged, askedOrders, certainlyMoved, firstAcknowledged, isRefused, possiblyMoved, type AskedOrder } from './asked-orders.ts';
import type { Checker } from './checker.ts';
import type { Violation } from './violation.ts';
import type { FinalOrder } from './final-reads.ts';
import type { Findings } from './findings.ts';
import { byId } from './order.checkers.ts';

/** Nothing happens by itself: every order, cancellation, shipment and return goes back to a request that was not refused. */
export const nothingUnaskedHappens: Checker = {
  name: 'nothing-unasked-happens',
  promise: 'No order stands that nobody asked for, and none was cancelled by its customer, shipped or returned unasked',
  judge: ({ history, final }, findings) => {
    const asked = askedOrders(history);
    for (const { region, value } of findings.ofEachRegion(final, 'orders'))
      for (const order of value) {
        const violation = violationOf(region, order.orderId);
        const about = asked.get(order.orderId);
        const isAsked = about !== undefined && about.places.length > 0;
        findings.expect(isAsked, violation(`of ${order.customer} answers to no key that was used`));
        if (isAsked) unaskedChanges(order, about, violation, findings);
      }
  },
};

type Say = (what: string) => () => Violation;
const violationOf =
  (where: string, orderId: OrderId): Say =>
  (what) =>
  () => ({ where, what: `order ${orderId} ${what}`, about: orderId });

function unaskedChanges(order: FinalOrder, { cancels, ships, returns }: AskedOrder, violation: Say, findings: Findings): void {
  if (order.cancelReason === 'requested-by-customer')
    findings.expect(cancels.length > 0 && !isRefused(cancels), violation('was cancelled by its customer, who did not ask, or was refused'));
  const [shipped, returned] = [possiblyMoved(ships), possiblyMoved(returns)];
  for (const line of order.lines) {
    const [out, back] = [shipped.get(line.lineNumber) ?? 0, returned.get(line.lineNumber) ?? 0];
    findings.expect(
      line.shipped <= out,
      violation(`line ${line.lineNumber} has ${line.shipped} units shipped, at most ${out} were asked for`),
    );
    findings.expect(
      line.returned <= back,
      violation(`line ${line.lineNumber} has ${line.returned} units returned, at most ${back} were asked for`),
    );
  }
}

/** What holds for an order holds for what was done to it: nothing that was acknowledged is undone. */
export const acknowledgedChangesHold: Checker = {
  name: 'acknowledged-changes-hold',
  promise: 'Every acknowledged cancellation, shipment, return and outcome of an order holds in every region',
  judge: ({ history, final }, findings) => {
    const changed = [...askedOrders(history).values()].map(changesOf).filter(({ isAny }) => isAny);
    for (const { region, value } of findings.ofEachRegion(final, 'orders')) {
      const orders = byId(value);
      for (const changes of changed) holdsIn(orders.get(changes.orderId), changes, violationOf(region, changes.orderId), findings);
    }
  },
};

interface Changes {
  readonly orderId: OrderId;
  readonly isAny: boolean;
  readonly isCancelled: boolean;
  readonly outcomes: ReadonlySet<string>;
  readonly shipped: ReadonlyMap<number, number>;
  readonly returned: ReadonlyMap<number, number>;
}

function changesOf({ orderId, places, cancels, ships, returns }: AskedOrder): Changes {
  const isCancelled = firstAcknowledged(cancels) !== undefined;
  const outcomes = new Set<string>();
  for (const { operation } of places) {
    const answer = acknowledged(operation)?.answer;
    if (answer?.kind === 'place' && (answer.status === 'confirmed' || answer.status === 'cancelled')) outcomes.add(answer.status);
  }
  const [shipped, returned] = [certainlyMoved(ships), certainlyMoved(returns)];
  const isAny = isCancelled || outcomes.size > 0 || shipped.size > 0 || returned.size > 0;
  return { orderId, isAny, isCancelled, outcomes, shipped, returned };
}

function holdsIn(order: FinalOrder | undefined, changes: Changes, violation: Say, findings: Findings): void {
  if (order === undefined) return findings.expect(false, violation('was changed, which was acknowledged, and is absent'));
  const { status, cancelReason, lines } = order;
  if (changes.isCancelled) findings.expect(status === 'cancelled', violation(`is ${status}, its cancellation was acknowledged`));
  if (changes.outcomes.has('cancelled')) findings.expect(status === 'cancelled', violation(`is ${status}, it was told to be cancelled`));
  // Only its customer may still cancel an order that is confirmed.
  if (changes.outcomes.has('confirmed'))
    findings.expect(
      status === 'confirmed' || cancelReason === 'requested-by-customer',
      violation(`is ${status}${cancelReason === null ? '' : ` (${cancelReason})`}, it was told to be confirmed`),
    );
  for (const [verb, sure] of [['shipped', changes.shipped] as const, ['returned', changes.returned] as const])
    for (const [lineNumber, units] of sure) {
      const found = lines.find((line) => line.lineNumber === lineNumber)?.[verb] ?? 0;
      findings.expect(found >= units, violation(`line ${lineNumber} has ${found} units ${verb}, ${units} were acknowledged`));
    }
  return undefined;
}
