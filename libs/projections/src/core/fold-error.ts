/** A fold threw: the code has a fault that these very events meet. Trying again gives the same. */
export class FoldError extends Error {
  override readonly name = 'FoldError';
}

/** Runs pure code over events; what it throws is told apart from a failing database. */
export function folding<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new FoldError(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** Whether the same commits would fail again: a fold's fault, or data that PostgreSQL refuses (SQLSTATE classes 22 and 23). */
export function isPoison(error: unknown): boolean {
  if (error instanceof FoldError) return true;
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && /^2[23][0-9A-Z]{3}$/.test(code);
}
