export interface EventuallyOptions {
  readonly withinMs: number;
  readonly everyMs: number;
}

/**
 * Asks until the condition neither throws nor answers false or undefined, and returns its answer. When the time is over, fails with
 * what the condition last said: a test that failed at night shows why.
 */
export async function eventually<T>(
  condition: () => T | Promise<T>,
  options: Partial<EventuallyOptions> = {},
): Promise<Exclude<T, false | undefined>> {
  const { withinMs, everyMs } = { withinMs: 30_000, everyMs: 25, ...options };
  const deadline = Date.now() + withinMs;
  for (;;) {
    let last: unknown;
    try {
      const answer = await condition();
      if (answer !== false && answer !== undefined) return answer as Exclude<T, false | undefined>;
      last = `the condition answered ${String(answer)}`;
    } catch (error) {
      last = error;
    }
    if (Date.now() >= deadline)
      throw new Error(`not within ${withinMs} ms: ${last instanceof Error ? last.message : String(last)}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/** Asks until none of the condition's expectations fails: for a condition that answers with nothing. */
export async function eventuallyHolds(condition: () => unknown, options: Partial<EventuallyOptions> = {}): Promise<void> {
  await eventually(async () => {
    await condition();
    return true;
  }, options);
}
