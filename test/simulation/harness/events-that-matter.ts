import type { Violation } from '../run/simulation.ts';

export interface Excerpt {
  /** Lines before the first violation, repetitions left out, and after it. */
  readonly before: number;
  readonly after: number;
  /** Of the lines further back that name what a violation names, the last so many. */
  readonly namingMax: number;
}

export const excerptByDefault: Excerpt = { before: 40, after: 5, namingMax: 120 };

/** Shards, orders, payments and the like: what a violation's words may name, and lines of the trace too. */
const name = /\b(?:order|inventory|payment)\.[a-z]+\.\d+\b|\b[a-z]{2,5}_[a-z0-9]{6,}\b/g;

/** What differs between lines that say the same again: the step, the place in a log. */
const numbering = /^\d+ | \d+:\d+/g;

/**
 * What of a failed run's trace its reader needs: what came last before the violation, and each earlier line that names what is concerned;
 * nothing that was said before.
 */
export function eventsThatMatter(
  trace: readonly string[],
  violations: readonly Violation[],
  { before, after, namingMax }: Excerpt = excerptByDefault,
): readonly string[] {
  const found = trace.findIndex((line) => line.includes('VIOLATION'));
  const end = found === -1 ? trace.length - 1 : found;
  const said = new Set<string>();
  const isNew = (line: string): boolean => said.size < said.add(line.replaceAll(numbering, '')).size;
  const told = trace.slice(0, end).flatMap((line, at) => (isNew(line) ? [at] : []));
  const near = Math.max(0, told.length - before);
  const concerned = new Set(violations.flatMap(({ what }) => what.match(name) ?? []));
  const isNaming = (at: number): boolean => (trace[at]!.match(name) ?? []).some((each) => concerned.has(each));
  const naming = told.slice(0, near).filter(isNaming).slice(-namingMax);
  const rest = trace.slice(end, end + after + 1).map((_, index) => end + index);
  return [...naming, ...told.slice(near), ...rest].flatMap((at, index, all) => {
    const skipped = at - (all[index - 1] ?? -1) - 1;
    return skipped === 0 ? [trace[at]!] : [`… ${skipped} lines`, trace[at]!];
  });
}
