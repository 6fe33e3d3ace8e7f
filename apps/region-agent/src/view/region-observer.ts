import { otherRegions, regionsOf, type Lineage, type Region, type ShardId, type Topology } from '#contracts';
import type { PeerView, RegionState, RegionTiming, RegionView, SelfView, ShardView } from '#regions';
import type { LeadingParts } from '../leading.parts.ts';
import type { Attention } from './attention.ts';
import { Settling } from './settling.ts';
import { shardViewOf } from './shard-view.ts';
import { Since } from './since.ts';

export interface RegionObserverOptions {
  readonly here: Region;
  readonly topology: Topology;
  readonly timing: RegionTiming;
  readonly nowMs: () => number;
  readonly attention: Attention;
}

/** Puts together what the leading agent sees in one round. Durations are by this process's own clock, and never longer than it has been looking. */
export class RegionObserver {
  readonly #options: RegionObserverOptions;
  readonly #status = new Since();
  readonly #lineage = new Since();
  readonly #leases = new Map<Region, Since>();
  readonly #seen = new Set<Region>();
  readonly #beganMs: number;
  readonly #settling = new Settling();

  constructor(options: RegionObserverOptions) {
    this.#options = options;
    this.#beganMs = options.nowMs();
  }

  /** Also while another instance leads: whoever takes the lead then must know whom the region has seen. */
  notice({ signals }: RegionState): void {
    for (const { region } of signals) this.#seen.add(region);
  }

  /** `state` undefined: etcd did not answer. Call `parts.see` with its lineage before. */
  view(state: RegionState | undefined, parts: LeadingParts, self: SelfView): RegionView {
    const { here, topology, timing, nowMs } = this.#options;
    const lineage = state?.lineage?.lineage;
    const atMs = nowMs();
    const regions = regionsOf(topology);
    const promote = state?.wishes.promote;
    const shards: ReadonlyMap<ShardId, ShardView> = lineage === undefined ? new Map() : shardsOf(lineage, parts);
    const unsettled = this.#unsettled(lineage, shards, parts, atMs);
    return {
      here,
      topology: { regions, homes: topology.homes },
      stored: state?.lineage,
      statusForMs: lineage === undefined ? 0 : this.#status.note(JSON.stringify(lineage.status), atMs),
      lineageForMs: state?.lineage === undefined ? 0 : this.#lineage.note(`${state.lineage.revision}`, atMs),
      shards,
      cuts: new Map(
        regions.flatMap((region) => {
          const cut = parts.logs.receiptsOf(region).cut;
          return cut === undefined ? [] : [[region, cut] as const];
        }),
      ),
      peers: new Map(otherRegions(topology, here).map((peer) => [peer, this.#peer(peer, state, parts, unsettled.get(peer) ?? 0, atMs)])),
      self,
      logsAreCurrent: parts.logs.isCurrent,
      wishes: { evacuated: state?.wishes.evacuated ?? [], promote: promote?.region === here ? { overTerm: promote.overTerm } : undefined },
      timing,
    };
  }

  #peer(peer: Region, state: RegionState | undefined, parts: LeadingParts, oldestUnsettledMs: number, atMs: number): PeerView {
    const signals = state?.signals.filter(({ region }) => region === peer) ?? [];
    const lookingMs = atMs - this.#options.attention.sinceMs();
    const isKnown = this.#seen.has(peer) || atMs - this.#beganMs >= this.#options.timing.neverSeenMs;
    const lease = signals.length > 0 ? 'held' : state === undefined || !isKnown ? 'unknown' : 'gone';
    const since = this.#leases.get(peer) ?? new Since();
    this.#leases.set(peer, since);
    const leading = signals.find(({ instance }) => instance === state?.leaders.get(peer)?.instance);
    const heardMs = parts.logs.heardOf(peer)?.atMs;
    return {
      lease,
      leaseForMs: Math.round(since.note(lease, atMs)),
      silentForMs: Math.round(Math.min(lookingMs, heardMs === undefined ? Infinity : atMs - heardMs)),
      oldestUnsettledMs: Math.round(Math.min(lookingMs, oldestUnsettledMs)),
      caughtUp: leading?.caughtUp === true && leading.lineageRevision >= (state?.lineage?.revision ?? 0),
      strandedOffered: leading?.strandedOffered === true,
    };
  }

  #unsettled(
    lineage: Lineage | undefined,
    shards: ReadonlyMap<ShardId, ShardView>,
    parts: LeadingParts,
    atMs: number,
  ): ReadonlyMap<Region, number> {
    const { here } = this.#options;
    const waiting = parts.ledger.unsettled().filter(({ last }) => last.owner === here);
    const owned = [...shards].flatMap(([shard, { receiptedSeq }]) => {
      const last = lineage!.shards[shard]!.at(-1)!;
      return last.owner === here ? [{ shard, last, receiptedSeq }] : [];
    });
    return this.#settling.note(waiting, owned, atMs);
  }
}

function shardsOf(lineage: Lineage, parts: LeadingParts): ReadonlyMap<ShardId, ShardView> {
  return new Map(
    Object.entries(lineage.shards).map(([id, segments]) => [id as ShardId, shardViewOf(id as ShardId, segments.at(-1)!, parts)]),
  );
}
