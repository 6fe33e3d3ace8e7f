import type { Checker, Evidence, Violation } from './evidence.ts';
import {
  acknowledgedOrdersArePresent,
  everyOrderIsDecided,
  nothingRefusedIsPlaced,
  oneOrderPerKey,
  ordersAreEqual,
} from './order.checkers.ts';
import { cardsAreAuthorizedOnce, projectionsAreEqual } from './payment.checkers.ts';
import { noPoolIsNegative, reservationsAreOrders, stockIsConserved } from './stock.checkers.ts';

export const checkers: readonly Checker[] = [
  acknowledgedOrdersArePresent,
  ordersAreEqual,
  oneOrderPerKey,
  nothingRefusedIsPlaced,
  everyOrderIsDecided,
  stockIsConserved,
  noPoolIsNegative,
  reservationsAreOrders,
  cardsAreAuthorizedOnce,
  projectionsAreEqual,
];

export interface CheckResult {
  readonly name: string;
  readonly promise: string;
  readonly violations: readonly Violation[];
}

export const checkAll = (evidence: Evidence): readonly CheckResult[] =>
  checkers.map(({ name, promise, check }) => ({ name, promise, violations: check(evidence) }));
