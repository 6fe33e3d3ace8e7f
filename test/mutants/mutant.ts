import type { SuiteName } from './catchers.ts';

/** A bug that a tired engineer could make, planted in a copy of the production code to see that somebody finds it. Data: nothing runs by it. */
export interface Mutant {
  /** Unique, in kebab-case. */
  readonly name: string;
  /** What must hold, shortened from the protocol, and no longer does. */
  readonly breaks: string;
  /** Where the docs say so, from the root of the tree. */
  readonly said: string;
  /** From the root of the tree. */
  readonly file: string;
  /** Stands in the file exactly once; otherwise the mutant is stale. */
  readonly find: string;
  readonly replace: string;
  /** Tried in this order; the first that fails has caught it. */
  readonly caughtBy: readonly SuiteName[];
}

/** A mutant whose text is not found once: the code has moved on, and somebody must look where the bug would be now. */
export class StaleMutantError extends Error {
  override readonly name = 'StaleMutantError';
}

/** The file's text with the bug in it. @throws StaleMutantError */
export function planted({ name, file, find, replace }: Mutant, text: string): string {
  const times = text.split(find).length - 1;
  if (times !== 1) throw new StaleMutantError(`${name} is stale: its text stands ${times} times in ${file}, not once`);
  const at = text.indexOf(find);
  return text.slice(0, at) + replace + text.slice(at + find.length);
}
