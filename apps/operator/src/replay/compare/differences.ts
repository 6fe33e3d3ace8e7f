import { customerId } from '#contracts';
import type { Expectation } from '../expectation.ts';
import { orderIdOfDocument } from '../replay-document.ts';
import type { LedgerAccount } from './provider-ledger.ts';
import type { RegionState } from './region-state.ts';

export interface Difference {
  /** A region, or `provider`. */
  readonly where: string;
  /** `order 536365 total`, `sku 85123A on hand`. */
  readonly what: string;
  readonly expected: string | number;
  readonly found: string | number;
}

/** Collects what is not as expected. Pure. */
class Findings {
  readonly all: Difference[] = [];
  readonly #where: string;

  constructor(where: string) {
    this.#where = where;
  }

  compare(what: string, expected: string | number, found: string | number): void {
    if (expected !== found) this.all.push({ where: this.#where, what, expected, found });
  }
}

/** Compares one region's tables with what the file says, line by line. */
export function regionDifferences(region: string, expectation: Expectation, state: RegionState): readonly Difference[] {
  const findings = new Findings(region);
  const expectedIds = new Set<string>();
  for (const [documentNo, expected] of expectation.orders) {
    const id = orderIdOfDocument(customerId(expected.customer), documentNo);
    expectedIds.add(id);
    const about = `order ${documentNo} (${id})`;
    const order = state.orders.get(id);
    if (order === undefined) {
      findings.compare(about, 'present', 'absent');
      continue;
    }
    findings.compare(`${about} customer`, expected.customer, order.customer);
    findings.compare(`${about} status`, 'confirmed', order.status);
    findings.compare(`${about} lines`, expected.lines, order.lines);
    findings.compare(`${about} units`, expected.units, order.units);
    findings.compare(`${about} units shipped`, expected.units, order.shippedUnits);
    findings.compare(`${about} units returned`, expected.returnedUnits, order.returnedUnits);
    findings.compare(`${about} total`, expected.totalPence, order.totalMinor);
    findings.compare(`${about} worth shipped`, expected.totalPence, order.shippedMinor);
    findings.compare(`${about} worth returned`, expected.refundedPence, order.returnedMinor);
    const payment = state.payments.get(id);
    findings.compare(`${about} payment`, 'authorized', payment?.status ?? 'absent');
    findings.compare(`${about} authorized`, expected.totalPence, payment?.authorizedMinor ?? 0);
    findings.compare(`${about} captures and refunds unanswered`, 0, payment?.open ?? 0);
    findings.compare(`${about} captures and refunds refused`, 0, payment?.refused ?? 0);
  }
  for (const [id, { customer }] of state.orders)
    if (!expectedIds.has(id)) findings.compare(`order ${id} of ${customer}`, 'absent', 'present');
  for (const id of state.payments.keys()) if (!expectedIds.has(id)) findings.compare(`payment of ${id}`, 'absent', 'present');
  compareMoney(findings, expectation, state);
  compareUnits(findings, expectation, state);
  return findings.all;
}

function compareMoney(findings: Findings, expectation: Expectation, state: RegionState): void {
  const [captured, refunded] = [new Map<string, number>(), new Map<string, number>()];
  for (const { customer, capturedMinor, refundedMinor } of state.payments.values()) {
    captured.set(customer, (captured.get(customer) ?? 0) + capturedMinor);
    refunded.set(customer, (refunded.get(customer) ?? 0) + refundedMinor);
  }
  compareSums(findings, (customer) => `customer ${customer} captured`, expectation.capturedPence, captured);
  compareSums(findings, (customer) => `customer ${customer} refunded`, expectation.refundedPence, refunded);
}

function compareUnits(findings: Findings, expectation: Expectation, state: RegionState): void {
  compareSums(findings, (sku) => `sku ${sku} net units`, expectation.netUnits, state.netUnits);
  const onHand = new Map(Array.from(state.stock, ([sku, { available }]) => [sku, available]));
  compareSums(findings, (sku) => `sku ${sku} on hand`, expectation.onHand, onHand);
  for (const [sku, { reserved, inTransit }] of state.stock) {
    findings.compare(`sku ${sku} reserved`, 0, reserved);
    findings.compare(`sku ${sku} in transit`, 0, inTransit);
  }
}

/** What is absent on one side counts as 0. */
function compareSums(
  findings: Findings,
  what: (key: string) => string,
  expected: ReadonlyMap<string, number>,
  found: ReadonlyMap<string, number>,
): void {
  for (const key of new Set([...expected.keys(), ...found.keys()]))
    findings.compare(what(key), expected.get(key) ?? 0, found.get(key) ?? 0);
}

/** Compares the provider's books: every order authorized once, charged once, and refunded what came back. */
export function ledgerDifferences(expectation: Expectation, ledger: ReadonlyMap<string, LedgerAccount>): readonly Difference[] {
  const findings = new Findings('provider');
  const customers = new Set(expectation.capturedPence.keys());
  const expectedIds = new Set<string>();
  for (const [documentNo, expected] of expectation.orders) {
    const id = orderIdOfDocument(customerId(expected.customer), documentNo);
    expectedIds.add(id);
    const about = `order ${documentNo} (${id})`;
    const account = ledger.get(id);
    findings.compare(`${about} authorizations`, 1, account?.authorizations ?? 0);
    findings.compare(`${about} charges`, 1, account?.charges ?? 0);
    findings.compare(`${about} captured`, expected.totalPence, account?.capturedMinor ?? 0);
    findings.compare(`${about} refunded`, expected.refundedPence, account?.refundedMinor ?? 0);
    findings.compare(`${about} voided`, 'no', account?.voided === true ? 'yes' : 'no');
  }
  for (const account of ledger.values())
    if (customers.has(account.customerId) && !expectedIds.has(account.reference))
      findings.compare(`payment ${account.reference}`, 'absent', 'present');
  return findings.all;
}
