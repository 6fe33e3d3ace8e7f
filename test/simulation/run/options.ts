import type { Stepper } from '../world/agent-process.ts';
import type { ScheduledFault } from './faults.ts';
import type { ShapeName } from './shapes.ts';

export interface SimulationOptions {
  /** Whole number from 0 below 2^32. */
  readonly seed: number;
  /** Of the safety phase; about 2,000. */
  readonly steps: number;
  /** Topology; left out: drawn from the seed. */
  readonly shape?: ShapeName;
  /** Exactly these faults instead of those drawn from the seed (shrinking, directed schedules). */
  readonly faults?: readonly ScheduledFault[];
  /** Collects the trace as text (slow); else only its hash is made. */
  readonly keepTrace?: boolean;
  /** A faulty agent in place of the real procedures, for tests that plant it. */
  readonly stepper?: Stepper;
}

export interface Violation {
  readonly property: string;
  readonly what: string;
}

export interface SimulationResult {
  readonly seed: number;
  readonly shape: ShapeName;
  readonly steps: number;
  /** Over everything that happened, in order: equal for equal seeds. */
  readonly traceHash: string;
  readonly violations: readonly Violation[];
  readonly faults: readonly ScheduledFault[];
  /** By `pairKey(fault, step)`: how often the fault struck while a procedure was at that step. */
  readonly coverage: ReadonlyMap<string, number>;
  /** Orders placed, confirmed, cancelled; takeovers, returns, evacuations; stranded commits, duplicates, … */
  readonly counts: Readonly<Record<string, number>>;
  readonly trace?: readonly string[];
}
