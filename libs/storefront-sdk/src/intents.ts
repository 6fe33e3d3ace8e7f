import { z } from 'zod';
import { canonicalJson } from '#contracts/browser';

export const writeOperations = ['placeOrder', 'cancelOrder', 'returnLines'] as const;
export type WriteOperation = (typeof writeOperations)[number];

/** A write that was begun and whose end is not known: kept from before its first try until a clear answer. */
export const intentSchema = z.object({
  operation: z.enum(writeOperations),
  key: z.string().regex(/^[\x21-\x7e]{1,200}$/, 'an idempotency key: 1 to 200 visible ASCII characters'),
  /** For which it was begun; another customer's client does not touch it. */
  customer: z.string().nullable(),
  /** Of cancellations and returns. */
  orderId: z.string().nullable(),
  /** JSON. */
  body: z.json().nullable(),
  /** ISO 8601, by this machine's clock. */
  startedAt: z.string(),
});
export type Intent = Readonly<z.infer<typeof intentSchema>>;

/** Where intents outlive a reload. Every method may be synchronous or not. */
export interface IntentStore {
  /** Replaces the one of the same name. Throws when it cannot be kept: nothing is sent then. */
  readonly save: (name: string, intent: Intent) => void | Promise<void>;
  readonly remove: (name: string) => void | Promise<void>;
  readonly list: () => readonly Intent[] | Promise<readonly Intent[]>;
}

/** Too many writes have no known end: nothing was sent. Resume some. */
export class IntentStoreFullError extends Error {
  override readonly name = 'IntentStoreFullError';
}

/** Forgets everything with its process. */
export function inMemoryIntents({ intentsMax = 5_000 }: { readonly intentsMax?: number } = {}): IntentStore {
  const intents = new Map<string, Intent>();
  return {
    save: (name, intent) => {
      if (!intents.has(name) && intents.size >= intentsMax) throw new IntentStoreFullError(`${intents.size} writes have no known end`);
      intents.set(name, intent);
    },
    remove: (name) => void intents.delete(name),
    list: () => [...intents.values()],
  };
}

/** What is used of a browser's `localStorage`. */
export interface TextStorage {
  readonly length: number;
  key(index: number): string | null;
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
}

const prefix = 'evenkeel:intent:';

/** Keeps intents in `localStorage`, or what is like it. An entry that cannot be read is left alone, and not listed. */
export function storedIntents(storage: TextStorage, { intentsMax = 100 }: { readonly intentsMax?: number } = {}): IntentStore {
  const names = (): string[] =>
    Array.from({ length: storage.length }, (_, i) => storage.key(i)).filter((name): name is string => name?.startsWith(prefix) === true);
  return {
    save: (name, intent) => {
      const present = names();
      if (!present.includes(prefix + name) && present.length >= intentsMax)
        throw new IntentStoreFullError(`${present.length} writes have no known end`);
      storage.setItem(prefix + name, JSON.stringify(intent));
    },
    remove: (name) => storage.removeItem(prefix + name),
    list: () => names().flatMap((name) => intentIn(storage.getItem(name))),
  };
}

function intentIn(text: string | null): Intent[] {
  try {
    const parsed = intentSchema.safeParse(JSON.parse(text ?? ''));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return []; // written by something else, or cut short: no intent of ours
  }
}

export const nameOf = ({ customer, operation, key }: Intent): string => `${customer ?? ''}:${operation}:${key}`;

/** The same request: asked again under the same key it is done once. */
export const isSameRequest = (a: Intent, b: Omit<Intent, 'key' | 'startedAt'>): boolean =>
  a.operation === b.operation && a.customer === b.customer && a.orderId === b.orderId && canonicalJson(a.body) === canonicalJson(b.body);

/** 128 random bits. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
