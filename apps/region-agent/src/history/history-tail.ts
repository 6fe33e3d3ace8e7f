import { historyEntrySchema, type HistoryEntry } from '#contracts';
import type { NewRecord, StoredRecord } from '#shard-log';

const idHeader = 'evenkeel-entry';

/** An entry and the id under which it is appended, so that an append that was repeated in doubt is shown once. */
export interface IdentifiedEntry {
  readonly id: string;
  readonly entry: HistoryEntry;
}

export const encodeEntry = ({ id, entry }: IdentifiedEntry): NewRecord => ({
  key: entry.region,
  headers: { [idHeader]: id },
  value: JSON.stringify(entry),
});

/** The newest entries of the log, in its order, each once. Pure. */
export class HistoryTail {
  readonly #max: number;
  readonly #entries: IdentifiedEntry[] = [];
  readonly #ids = new Set<string>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Answers why the record cannot be read, or undefined. */
  take(record: StoredRecord): string | undefined {
    let json: unknown;
    try {
      json = JSON.parse(record.value ?? 'null');
    } catch {
      return 'the value is not JSON';
    }
    const parsed = historyEntrySchema.safeParse(json);
    if (!parsed.success) return parsed.error.issues[0]?.message ?? 'not a history entry';
    const id = record.headers[idHeader] ?? `offset ${record.offset}`;
    if (this.#ids.has(id)) return undefined;
    this.#ids.add(id);
    this.#entries.push({ id, entry: parsed.data });
    while (this.#entries.length > this.#max) this.#ids.delete(this.#entries.shift()!.id);
    return undefined;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** Oldest first. */
  entries(): readonly HistoryEntry[] {
    return this.#entries.map(({ entry }) => entry);
  }
}
