import type { Checker, CheckResult, Evidence } from './checker.ts';
import { ordersAreEqual, paymentsAreEqual, projectionsAreEqual, stockIsEqual } from './convergence.checkers.ts';
import { Findings } from './findings.ts';
import { acknowledgedChangesHold, nothingUnaskedHappens } from './order-changes.checkers.ts';
import { acknowledgedOrdersArePresent, nothingRefusedIsPlaced, oneOrderPerKey } from './order.checkers.ts';
import { capturesAreShipments, cardsAreAuthorizedOnce, ledgerAgrees } from './payment.checkers.ts';
import { answersComeInTime, everyOrderIsDecided, nothingIsOwed } from './rest.checkers.ts';
import { readsNeverGoBack, readYourWrites } from './session.checkers.ts';
import { historiesAreEqual, oneCommitPerSeq } from './settled.checkers.ts';
import { noPoolIsNegative, reservationsAreOrders, stockIsConserved } from './stock.checkers.ts';

/** What never may be otherwise, whenever it is looked at, once what clients were told has reached every region. */
export const safetyCheckers: readonly Checker[] = [
  acknowledgedOrdersArePresent,
  acknowledgedChangesHold,
  oneOrderPerKey,
  nothingRefusedIsPlaced,
  nothingUnaskedHappens,
  stockIsConserved,
  noPoolIsNegative,
  oneCommitPerSeq,
  readYourWrites,
  readsNeverGoBack,
  answersComeInTime,
];

/** What is so of a system that has come to rest: while work is under way some of it is not so yet. */
export const livenessCheckers: readonly Checker[] = [
  ordersAreEqual,
  everyOrderIsDecided,
  nothingIsOwed,
  reservationsAreOrders,
  stockIsEqual,
  cardsAreAuthorizedOnce,
  capturesAreShipments,
  ledgerAgrees,
  paymentsAreEqual,
  historiesAreEqual,
  projectionsAreEqual,
];

export const allCheckers: readonly Checker[] = [...safetyCheckers, ...livenessCheckers];

export function checkWith({ name, promise, judge }: Checker, evidence: Evidence): CheckResult {
  const findings = new Findings();
  judge(evidence, findings);
  return { name, promise, violations: findings.violations, examined: findings.examined };
}

export const checkAll = (evidence: Evidence, checkers: readonly Checker[] = allCheckers): readonly CheckResult[] =>
  checkers.map((checker) => checkWith(checker, evidence));
