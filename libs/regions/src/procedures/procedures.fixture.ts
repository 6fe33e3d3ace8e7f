import { assertNever } from '#kernel';
import { region, type Lineage, type Region, type Segment, type ShardId } from '#contracts';
import { defaultRegionTiming } from '../region-timing.ts';
import { nextStep } from './next-step.ts';
import type { PeerView, RegionView, SelfView, ShardView, Step, Wishes } from './region-view.ts';

export const [east, west, south] = [region('east'), region('west'), region('south')];

/** Views built by hand, for tests of single rows: two regions, one shard of each home, all quiet and well until said otherwise. */
export const ofEast: ShardId = 'order.east.0';
export const ofWest: ShardId = 'order.west.0';

export const present: PeerView = {
  lease: 'held',
  leaseForMs: 60_000,
  silentForMs: 100,
  oldestUnsettledMs: 0,
  caughtUp: true,
  strandedOffered: true,
};
export const gone: PeerView = { ...present, lease: 'gone', leaseForMs: 500, silentForMs: 1_500, caughtUp: false, strandedOffered: false };

export const segment = (term: number, owner: Region, base: number, mode: Segment['mode'] = 'paired', mirror?: Region): Segment => ({
  term,
  owner,
  base,
  mode,
  mirror: mirror ?? (owner === east ? west : east),
});

export interface Scene {
  readonly here?: Region;
  readonly status?: Lineage['status'];
  readonly statusForMs?: number;
  readonly lineageForMs?: number;
  readonly term?: number;
  readonly segments?: Readonly<Record<ShardId, readonly Segment[]>>;
  readonly seen?: Readonly<Record<ShardId, Partial<ShardView>>>;
  readonly cuts?: readonly (readonly [Region, number])[];
  readonly peer?: PeerView;
  readonly peers?: readonly (readonly [Region, PeerView])[];
  readonly regions?: readonly Region[];
  readonly self?: Partial<SelfView>;
  readonly logsAreCurrent?: boolean;
  readonly wishes?: Partial<Wishes>;
}

export const at = (acceptedSeq: number, closedAt?: number): ShardView['log'] => ({ acceptedSeq, closedAt });

export function viewOf(scene: Scene): RegionView {
  const here = scene.here ?? west;
  const segments = scene.segments ?? { [ofEast]: [segment(1, east, 0)], [ofWest]: [segment(1, west, 0)] };
  const term = scene.term ?? Math.max(...Object.values(segments).map((all) => all.at(-1)!.term));
  const seen = new Map<ShardId, ShardView>();
  for (const shard of Object.keys(segments) as ShardId[]) seen.set(shard, { log: at(10), receiptedSeq: 10, ...scene.seen?.[shard] });
  const regions = scene.regions ?? [east, west];
  const others = regions.filter((region) => region !== here);
  return {
    here,
    topology: { regions, homes: regions },
    stored: { revision: 7, lineage: { term, status: scene.status ?? { status: 'paired' }, shards: segments as Record<string, Segment[]> } },
    statusForMs: scene.statusForMs ?? 60_000,
    lineageForMs: scene.lineageForMs ?? 1_000,
    shards: seen,
    cuts: new Map(scene.cuts ?? []),
    peers: new Map(scene.peers ?? others.map((other) => [other, scene.peer ?? present])),
    self: { kafkaSilentForMs: 0, notServingForMs: 0, promotionAnnounced: false, ...scene.self },
    logsAreCurrent: scene.logsAreCurrent ?? true,
    wishes: { evacuated: [], promote: undefined, ...scene.wishes },
    timing: defaultRegionTiming,
  };
}

export const stepIn = (scene: Scene): Step => nextStep(viewOf(scene));

/** `swap takeover: solo west; order.east.0 2 west 10 solo`: what a test compares. */
export function inWords(step: Step): string {
  const status = (lineage: Lineage): string => Object.values(lineage.status).join(' ');
  switch (step.step) {
    case 'rest':
      return step.awaitsPerson ? 'awaits a person' : 'rest';
    case 'claim':
      return `claim ${step.lineage.term}, over revision ${step.expectedRevision}`;
    case 'cut':
      return `cut ${step.term}`;
    case 'close':
      return `close ${step.shards.map(({ shard, term }) => `${shard} ${term}`).join(', ')}`;
    case 'swap': {
      const added = [...step.added].map(
        ([shard, { term, owner, base, mode, mirror }]) => `${shard} ${term} ${owner} ${base} ${mode} ${mirror}`,
      );
      return [`swap ${step.expectedRevision}: ${status(step.lineage)}`, ...added].join('; ');
    }
    default:
      return assertNever(step);
  }
}
