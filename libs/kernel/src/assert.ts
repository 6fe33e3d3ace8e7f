/** Thrown when the code itself is wrong. Input that is wrong is refused with a value instead. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** States what must be true here. One condition a call, so that the message says which one fell. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Makes the compiler find the case that a switch forgot. */
export function assertNever(value: never): never {
  throw new AssertionError(`unexpected value: ${JSON.stringify(value)}`);
}
