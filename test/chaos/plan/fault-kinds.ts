/** How a fault is carried out: `../faults` has the deed for each. */
export type How =
  | 'kill-part'
  | 'pause-part'
  | 'kill-region'
  | 'pause-region'
  | 'cut-link-silently'
  | 'cut-link-with-reset'
  | 'cut-link-one-way'
  | 'delay-link'
  | 'flap-link'
  | 'isolate-region'
  | 'fill-disk'
  | 'wipe-postgres'
  | 'repeat-mirror'
  | 'drop-mirror'
  | 'poison-record'
  | 'shift-clocks'
  | 'rolling-restart';

/** One line of the matrix: a way to break something, and what it strikes. Pure data. */
export interface FaultKind {
  readonly name: string;
  readonly how: How;
  /** A part, a region or a link; `{region}` and `{other}` stand for the two regions, in the order that the seed draws. */
  readonly strikes: string;
  /** From the blow to the remedy, as drawn by the seed: at least and at most. */
  readonly lastsMs: readonly [number, number];
  /** What of the system it takes away: two that take away the same are never paired. */
  readonly takes: 'part' | 'region' | 'link' | 'tables';
  /** It needs so much before or after it that it is never one of a pair. */
  readonly alone?: true;
}

/** Each kind of part, with the shortest and longest time that it is dead. */
const partsOfARegion = [
  'kafka',
  'mirror-maker',
  'postgres',
  'etcd',
  'dns',
  'region-agent',
  'order-service',
  'inventory-service',
  'payment-service',
  'storefront-api',
  'order-projector',
  'inventory-projector',
  'payment-projector',
] as const;
const parts = [...partsOfARegion.map((part) => `{region}.${part}`), 'witness.etcd', 'payment-sandbox'];

const shortName = (part: string): string => part.replace('{region}.', '').replace('.', '-');

const part = (how: 'kill-part' | 'pause-part', verb: string, lastsMs: FaultKind['lastsMs']): readonly FaultKind[] =>
  parts.map((strikes) => ({ name: `${verb}-${shortName(strikes)}`, how, strikes, lastsMs, takes: 'part' }));

const link = (name: string, how: How, lastsMs: FaultKind['lastsMs']): FaultKind => ({
  name,
  how,
  strikes: '{region}-{other}',
  lastsMs,
  takes: 'link',
});

/** Everything that is broken once in the matrix, in this order. */
export const faultKinds: readonly FaultKind[] = [
  ...part('kill-part', 'kill', [0, 12_000]),
  ...part('pause-part', 'pause', [4_000, 12_000]),
  { name: 'kill-region', how: 'kill-region', strikes: '{region}', lastsMs: [10_000, 20_000], takes: 'region' },
  { name: 'pause-region', how: 'pause-region', strikes: '{region}', lastsMs: [8_000, 20_000], takes: 'region' },
  link('cut-silently', 'cut-link-silently', [6_000, 20_000]),
  link('cut-with-reset', 'cut-link-with-reset', [6_000, 20_000]),
  link('cut-one-way', 'cut-link-one-way', [6_000, 20_000]),
  link('delay', 'delay-link', [10_000, 15_000]),
  link('flap', 'flap-link', [10_000, 15_000]),
  { name: 'isolate-region', how: 'isolate-region', strikes: '{region}', lastsMs: [8_000, 20_000], takes: 'region' },
  { name: 'full-disk-kafka', how: 'fill-disk', strikes: '{region}.kafka', lastsMs: [6_000, 10_000], takes: 'region', alone: true },
  { name: 'full-disk-postgres', how: 'fill-disk', strikes: '{region}.postgres', lastsMs: [6_000, 10_000], takes: 'tables', alone: true },
  { name: 'wipe-postgres', how: 'wipe-postgres', strikes: '{region}.postgres', lastsMs: [0, 4_000], takes: 'tables' },
  { name: 'mirror-from-zero', how: 'repeat-mirror', strikes: '{region}.mirror-maker', lastsMs: [0, 4_000], takes: 'part' },
  { name: 'mirror-recreated', how: 'drop-mirror', strikes: '{region}', lastsMs: [8_000, 12_000], takes: 'region', alone: true },
  { name: 'poison-record', how: 'poison-record', strikes: '{region}.kafka', lastsMs: [6_000, 10_000], takes: 'part', alone: true },
  { name: 'clock-shift', how: 'shift-clocks', strikes: '{region}', lastsMs: [8_000, 12_000], takes: 'part' },
  { name: 'rolling-restart', how: 'rolling-restart', strikes: '{region}', lastsMs: [0, 0], takes: 'part' },
];

/** @throws Error that names those there are */
export function faultKindNamed(name: string): FaultKind {
  const found = faultKinds.find((kind) => kind.name === name);
  if (found === undefined) throw new Error(`no fault ${name}; there are ${faultKinds.map((kind) => kind.name).join(', ')}`);
  return found;
}
