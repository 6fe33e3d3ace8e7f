import type { FinalReads } from './final-reads.ts';
import type { Findings } from './findings.ts';
import type { History } from './history.ts';
import type { Verdict } from './violation.ts';

/** All that a checker may look at. */
export interface Evidence {
  readonly history: History;
  readonly final: FinalReads;
}

/** One property. Pure; linear in the size of the evidence, but for the sorting of what is out of order. */
export interface Checker {
  /** kebab-case, as in reports: `no-pool-is-negative`. */
  readonly name: string;
  /** As a sentence, for people. */
  readonly promise: string;
  readonly judge: (evidence: Evidence, findings: Findings) => void;
}

export interface CheckResult extends Verdict {
  readonly name: string;
  readonly promise: string;
}
