/** Column types that projections use; a closed list, so that every value has one text in both regions. */
export type ColumnType = 'text' | 'int' | 'bigint' | 'boolean' | 'timestamptz' | 'jsonb';

const unstorable = /\\u(?:0000|d[89a-f])/i;

/** PostgreSQL stores neither NUL nor half of a surrogate pair: both become U+FFFD, in every region alike. */
export const storableText = (text: string): string => (text.includes('\0') ? text.replaceAll('\0', '\uFFFD') : text).toWellFormed();

/** JSON text that `jsonb` takes. */
export function storableJson(value: unknown): string {
  const json = JSON.stringify(value);
  if (!json.includes('\\u') || !unstorable.test(json)) return json;
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'string' ? storableText(inner) : inner));
}

/** What the driver is given for a value of the column. */
export function toColumn(type: ColumnType, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  switch (type) {
    case 'text':
      return storableText(value as string);
    case 'jsonb':
      return storableJson(value);
    default:
      return value;
  }
}

/** The value that was stored, as the fold wrote it: bigint as number (amounts are below 2^53), instants as ISO text. */
export function fromColumn(type: ColumnType, stored: unknown): unknown {
  if (stored === null) return null;
  switch (type) {
    case 'bigint':
      return Number(stored);
    case 'timestamptz':
      return (stored as Date).toISOString();
    default:
      return stored;
  }
}

/** An instant of an event with milliseconds, no more: what a cursor prints and a row holds must be the same. */
export const storedInstant = (instant: string): string => new Date(instant).toISOString();
