import type { ProcessRow } from './process-table.ts';

export interface Usage {
  readonly cpuMs: number;
  readonly memoryBytes: number;
}

/**
 * Processor time and memory of each part with all that it has started. A process belongs to the nearest of its ancestors that is a part.
 * What a part's processes share is counted once, as the largest of them has it: PostgreSQL's backends all map the same buffers. Pure.
 */
export function usageByPart(table: readonly ProcessRow[], roots: ReadonlyMap<number, string>): ReadonlyMap<string, Usage> {
  const rows = new Map(table.map((row) => [row.pid, row]));
  const partOf = (row: ProcessRow): string | undefined => {
    for (let at: ProcessRow | undefined = row; at !== undefined; at = at.parent === at.pid ? undefined : rows.get(at.parent)) {
      const part = roots.get(at.pid);
      if (part !== undefined) return part;
    }
    return undefined;
  };
  const members = Map.groupBy(table, partOf);
  return new Map(
    [...members].flatMap(([part, of]) => {
      if (part === undefined) return [];
      const anon = of.reduce((sum, { memory }) => sum + memory.anon, 0);
      const shared = Math.max(...of.map(({ memory }) => memory.file)) + Math.max(...of.map(({ memory }) => memory.shared));
      return [[part, { cpuMs: of.reduce((sum, { cpuMs }) => sum + cpuMs, 0), memoryBytes: anon + shared }] as const];
    }),
  );
}

/** `east.kafka` and `west.kafka` are both `kafka`; a second instance of a part is of its kind. */
export const kindOfPart = (part: string): string => part.slice(part.indexOf('.') + 1).replace(/-\d+$/, '');

/** Sums by kind of part, the largest first. Pure. */
export function byKind(parts: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const sums = new Map<string, number>();
  for (const [part, value] of Object.entries(parts)) sums.set(kindOfPart(part), (sums.get(kindOfPart(part)) ?? 0) + value);
  return Object.fromEntries([...sums].toSorted(([, a], [, b]) => b - a));
}
