import { createHash } from 'node:crypto';
import { z } from 'zod';
import { operationKinds, type Operation } from './operations.ts';

export const faultSchema = z.strictObject({
  /** All that is given must hold. Nothing given: every operation. */
  match: z
    .strictObject({
      operation: z.enum(operationKinds as [Operation['kind'], ...Operation['kind'][]]).optional(),
      customerId: z.string().optional(),
      amountMinor: z.int().optional(),
      /** Share of the attempts, 0 to 1, picked by a hash of the key and the number of the attempt: the same in every run. */
      rate: z.number().min(0).max(1).optional(),
    })
    .default({}),
  /**
   * `decline`: answers declined, for ever under that key. `timeout`: does nothing and never answers. `late`: does it, answers
   * after `ms`. `fail-after-charging`: does it, answers 500. `reset-after-charging`: does it, resets the connection.
   */
  kind: z.enum(['decline', 'timeout', 'late', 'fail-after-charging', 'reset-after-charging']),
  ms: z.int().min(0).max(600_000).default(5_000),
  /** How often it strikes before it is spent; for ever when absent. */
  times: z.int().positive().optional(),
});
export type Fault = Readonly<z.infer<typeof faultSchema>>;
export const faultsSchema = z.array(faultSchema).max(100);

const attemptsRemembered = 100_000;

/** The faults on order. They live in memory: a restarted sandbox behaves. */
export class Faults {
  #faults: { readonly fault: Fault; struck: number }[] = [];
  readonly #attempts = new Map<string, number>();

  replace(faults: readonly Fault[]): void {
    this.#faults = faults.map((fault) => ({ fault, struck: 0 }));
    this.#attempts.clear();
  }

  list(): readonly (Fault & { readonly struck: number })[] {
    return this.#faults.map(({ fault, struck }) => ({ ...fault, struck }));
  }

  /** The first fault that strikes this attempt, if any. `customerId` is that of the payment, for all its operations. */
  strike(operation: Operation, customerId: string | undefined, key: string): Fault | undefined {
    if (this.#faults.length === 0) return undefined;
    const attempt = this.#countAttempt(key);
    const armed = this.#faults.find(({ fault, struck }) => {
      const { match, times } = fault;
      if (times !== undefined && struck >= times) return false;
      if (match.operation !== undefined && match.operation !== operation.kind) return false;
      if (match.customerId !== undefined && match.customerId !== customerId) return false;
      if (match.amountMinor !== undefined && !('amountMinor' in operation && operation.amountMinor === match.amountMinor)) return false;
      return match.rate === undefined || shareOf(`${key}#${attempt}`) < match.rate;
    });
    if (armed === undefined) return undefined;
    armed.struck += 1;
    return armed.fault;
  }

  #countAttempt(key: string): number {
    const attempt = (this.#attempts.get(key) ?? 0) + 1;
    if (this.#attempts.size >= attemptsRemembered) this.#attempts.clear(); // bounded; counting anew only changes which attempt is struck
    this.#attempts.set(key, attempt);
    return attempt;
  }
}

/** A number in [0, 1) that a text always gives. */
const shareOf = (text: string): number => createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32;
