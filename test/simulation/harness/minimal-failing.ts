/**
 * ddmin: from a list of things under which a test fails, a sublist under which it still fails and of which no single one can be left out
 * (1-minimal). Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", IEEE Transactions on Software Engineering
 * 28(2), 2002, figure 6; theirs begins by assuming that nothing at all passes, which is asked here.
 */
export interface Minimal<T> {
  /** In their first order; `fails` was seen to be true of exactly these. */
  readonly items: readonly T[];
  /** Times that `fails` was asked. */
  readonly runs: number;
  /** False: the bound of runs came first. */
  readonly isMinimal: boolean;
}

/**
 * Deterministic if `fails` is; asks it at most `runsMax` times, and never twice of the same items. @throws RangeError when `fails` is not
 * true of all items, for then there is nothing to make smaller
 */
export async function minimalFailing<T>(
  items: readonly T[],
  fails: (some: readonly T[]) => Promise<boolean>,
  runsMax: number,
): Promise<Minimal<T>> {
  const asked = new Map<string, boolean>();
  let isCutShort = false;
  const isFailing = async (indices: readonly number[]): Promise<boolean> => {
    const key = indices.join();
    const known = asked.get(key);
    if (known !== undefined) return known;
    if (asked.size >= runsMax) {
      isCutShort = true;
      return false; // what is not known to fail is not taken
    }
    const answer = await fails(indices.map((index) => items[index]!));
    asked.set(key, answer);
    return answer;
  };
  if (runsMax < 1) throw new RangeError(`at least one run is needed, not ${runsMax}`);
  const everything = items.map((_, index) => index);
  if (!(await isFailing(everything))) throw new RangeError(`all ${items.length} items together do not fail`);
  let left: readonly number[] = (await isFailing([])) ? [] : everything;
  for (let parts = 2; left.length > 1;) {
    const chunks = split(left, Math.min(parts, left.length));
    const smaller = await firstOf(chunks, isFailing);
    const complements = chunks.map((chunk) => left.filter((index) => !chunk.includes(index)));
    const without = smaller ?? (await firstOf(complements, isFailing));
    if (without !== undefined) {
      parts = smaller === undefined ? Math.max(chunks.length - 1, 2) : 2;
      left = without;
    } else if (chunks.length === left.length) break;
    else parts = 2 * chunks.length;
  }
  return { items: left.map((index) => items[index]!), runs: asked.size, isMinimal: !isCutShort };
}

/** Into this many parts whose sizes differ by at most one, in order. */
function split(indices: readonly number[], parts: number): readonly (readonly number[])[] {
  return Array.from({ length: parts }, (_, part) =>
    indices.slice(Math.floor((part * indices.length) / parts), Math.floor(((part + 1) * indices.length) / parts)),
  );
}

async function firstOf<T>(candidates: readonly T[], holds: (candidate: T) => Promise<boolean>): Promise<T | undefined> {
  for (const candidate of candidates) if (await holds(candidate)) return candidate;
  return undefined;
}
