import { orderId, type OrderId, type ShardSeqs } from '#contracts';
import type { Evidence } from '../checker.ts';
import type { Reading, RegionReads } from '../final-reads.ts';
import type { Answer, Asked, Completion, Operation } from '../history.ts';
import { west } from './serial-shop.model.ts';

type Mutable<T> =
  T extends ReadonlyMap<infer K, infer V>
    ? Map<K, Mutable<V>>
    : T extends readonly (infer Item)[]
      ? Mutable<Item>[]
      : T extends string | number | boolean | undefined | null
        ? T
        : { -readonly [Key in keyof T]: Mutable<T[Key]> };
export type Planted = Mutable<Evidence>;
/** In [0, n). */
export type Pick = (n: number) => number;

/** One way to break one property. */
export interface Corruption {
  readonly what: string;
  /** Name of the checker that is meant for it. */
  readonly finds: string;
  /** Breaks the copy that it is given; false where there is nothing to break. */
  readonly plant: (evidence: Planted, pick: Pick) => boolean;
}

/** A copy that the corruption has broken, or undefined where there was nothing to break. */
export function corrupted(evidence: Evidence, { plant }: Corruption, pick: Pick): Evidence | undefined {
  const copy = copyOf(evidence) as Planted;
  return plant(copy, pick) ? copy : undefined;
}

/** In which nothing is shared: what is broken in one region stays whole in the other. */
function copyOf(value: unknown): unknown {
  if (value instanceof Map) return new Map(Array.from(value, ([key, inner]) => [key, copyOf(inner)]));
  if (Array.isArray(value)) return value.map(copyOf);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copyOf(inner)]));
}

export type Part = 'orders' | 'pools' | 'reservations' | 'payments' | 'settled';
export type ItemOf<P extends Part> = RegionReads[P] extends Reading<readonly (infer Item)[]> ? Mutable<Item> : never;
export type Account = Evidence['final']['ledger'] extends Reading<readonly (infer Item)[]> ? Mutable<Item> : never;

export const valueOf = <T>(reading: { kind: 'read'; value: T } | { kind: 'unreadable'; because: string }): T => {
  if (reading.kind !== 'read') throw new Error(reading.because);
  return reading.value;
};
export const itemsOf = <P extends Part>(region: Planted['final']['regions'][number], part: P): ItemOf<P>[] =>
  valueOf(region[part] as unknown as { kind: 'read'; value: ItemOf<P>[] });

export const one = <T>(items: readonly T[], pick: Pick): T | undefined => (items.length === 0 ? undefined : items[pick(items.length)]);
export const without = <T>(item: T, items: T[]): void => void items.splice(items.indexOf(item), 1);
export const any = (): boolean => true;
export const nobody: OrderId = orderId(`ord_${'z'.repeat(26)}`);

/** Changes one item of a part that fits, in the west alone or in both regions alike. */
export const change =
  <P extends Part>(
    part: P,
    where: 'in west' | 'in both',
    fits: (item: ItemOf<P>, evidence: Planted) => boolean,
    alter: (item: ItemOf<P>, items: ItemOf<P>[]) => void,
  ): Corruption['plant'] =>
  (evidence, pick) => {
    const { regions } = evidence.final;
    const fitting = itemsOf(regions[1]!, part).flatMap((item, index) => (fits(item, evidence) ? [index] : []));
    const index = one(fitting, pick);
    if (index === undefined) return false;
    for (const region of regions) {
      if (where === 'in west' && region.region !== west) continue;
      const items = itemsOf(region, part);
      alter(items[index]!, items);
    }
    return true;
  };

export const changeLedger =
  (fits: (account: Account) => boolean, alter: (account: Account, all: Account[]) => void): Corruption['plant'] =>
  ({ final }, pick) => {
    const accounts = valueOf(final.ledger);
    const account = one(accounts.filter(fits), pick);
    if (account === undefined) return false;
    alter(account, accounts);
    return true;
  };

type OfKind<Union, Kind> = Union extends { readonly kind: infer Kinds } ? (Kind extends Kinds ? Union : never) : never;

/** An operation that ended well, with what was asked and answered in their own types. */
export interface Ended<K extends Asked['kind']> {
  readonly operation: Mutable<Operation>;
  readonly asked: Mutable<OfKind<Asked, K>>;
  readonly ok: Mutable<Extract<Completion, { outcome: 'ok' }>>;
  readonly answer: Mutable<OfKind<Answer, K>>;
}

export const ended = <K extends Asked['kind']>({ history }: Planted, kind: K): readonly Ended<K>[] =>
  history.operations.flatMap((operation) => {
    const { completion, asked } = operation;
    if (asked.kind !== kind || completion?.outcome !== 'ok') return [];
    return [{ operation, asked, ok: completion, answer: completion.answer } as unknown as Ended<K>];
  });

/** Takes one operation of a kind that ended well, and fits, to break the evidence by it. */
export const by =
  <K extends Asked['kind']>(
    kind: K,
    fits: (ended: Ended<K>, evidence: Planted) => boolean,
    alter: (ended: Ended<K>, evidence: Planted) => void,
  ): Corruption['plant'] =>
  (evidence, pick) => {
    const fitting = ended(evidence, kind).filter((each) => fits(each, evidence));
    const found = one(fitting, pick);
    if (found === undefined) return false;
    alter(found, evidence);
    return true;
  };

/** One more operation at the end of the history, in the west, that carries a token and is answered so. */
export function andThen({ history }: Planted, asked: Asked, token: ShardSeqs | undefined, answer: Answer): void {
  const atMs = history.endedMs;
  const completion = { outcome: 'ok', atMs, region: west, answer } as const;
  history.operations.push({
    session: 'client 9',
    invokedMs: atMs,
    deadlineMs: atMs + 1,
    ...(token === undefined ? {} : { token }),
    asked,
    completion,
  } as Mutable<Operation>);
}
