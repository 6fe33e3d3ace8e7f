import { performance } from 'node:perf_hooks';
import type { Logger } from 'pino';
import { segmentsOf, type Lineage, type ListedProduct, type Region, type ShardId, type Sku, type StrandedCommit } from '#contracts';
import type { StoredLineage } from '#regions';
import type { LogCluster } from '#shard-log';
import type { RegionEvents } from '../region-events.port.ts';
import { repeat, type Repeating } from '../repeat.ts';
import type { CommandOffers, OfferAnswer, ProductLookup } from './command-offers.port.ts';
import { OfferPauses } from './offer-pauses.ts';
import {
  commandOf,
  endedTerms,
  isReturning,
  strandedEntryOf,
  survivorOf,
  toLookUp,
  withOutcome,
  type StrandedEntry,
} from './stranded-commit.ts';
import { StrandedMemory } from './stranded-memory.ts';
import { StrandedReader } from './stranded-reader.ts';
import type { StrandedSightings } from './stranded-sightings.ts';
import type { StrandedStore } from './stranded.store.ts';

export interface StrandedOffersOptions {
  readonly here: Region;
  readonly topology: { readonly regions: readonly Region[]; readonly partitions: number };
  readonly cluster: LogCluster;
  readonly store: StrandedStore;
  readonly offers: CommandOffers;
  readonly products: ProductLookup;
  /** Refills own logs that are short, before anything is read from them. @throws when it cannot now */
  readonly reseed: { ensure(lineage: Lineage, survivor: Region, signal: AbortSignal): Promise<number> };
  /** Of whoever reads the own logs all the time: what stands in them past the end of its term, also long after this region has returned. */
  readonly sightings: StrandedSightings;
  readonly events: RegionEvents;
  readonly log: Logger;
  /** Rest between two rounds. Default 200 ms. */
  readonly everyMs?: number;
  /** How often an owner may answer an offer with neither yes nor no before that commit is given up, loudly. Default 50. */
  readonly triesMax?: number;
}

export interface StrandedStatus {
  /** This region has been taken over and is on its way back. */
  readonly returning: boolean;
  /** Under the newest lineage known here nothing is left to be offered. True while it is not returning. */
  readonly offered: boolean;
  /** In words: what is being done, or waited for. */
  readonly because: string;
}

const shardsAtOnce = 6;
const reseedPauseMs = 2_000;

/**
 * While this region is on its way back, and whenever a stranded commit was seen in its logs since, or one is remembered that was not dealt with: finds its stranded commits, and offers those that
 * came from outside to their owners again, under their first command ids, in the order of each shard. At least once: deciders recognise repeats.
 *
 * All it knows is computed from the logs; what it remembers in PostgreSQL saves reading and repeating, and shows people what became of
 * each. An owner that is away is asked for ever, with pauses; one that answers neither yes nor no is asked `triesMax` times.
 */
export class StrandedOffers {
  readonly #options: StrandedOffersOptions;
  readonly #memory: StrandedMemory;
  readonly #pauses: OfferPauses;
  #newest: StoredLineage | undefined;
  #running: Repeating | undefined;
  #reader: StrandedReader | undefined;
  /** `endedTerms` of the lineage whose history the own logs were seen to hold. */
  #intactFor: number | undefined;
  #reseedAgainMs = 0;
  /** `endedTerms` of the lineage under which all was offered. */
  #doneFor: number | undefined;
  #toldTerm: number | undefined;
  #sinceMs = 0;
  #because = 'the lineage is not known yet';

  constructor(options: StrandedOffersOptions) {
    this.#options = options;
    this.#memory = new StrandedMemory(options.store, options.log);
    this.#pauses = new OfferPauses(options.triesMax ?? 50);
  }

  /** For the agent that leads. Until `close`. */
  start(): void {
    this.#running ??= repeat(
      this.#options.everyMs ?? 200,
      (signal) => this.#round(signal),
      (error) => {
        this.#because = error.message;
        this.#options.log.warn({ err: error }, 'stranded commits cannot be dealt with now');
      },
    );
  }

  async close(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.stop();
    await this.#closeReader();
  }

  learn(stored: StoredLineage): void {
    if (this.#newest === undefined || stored.revision > this.#newest.revision) this.#newest = stored;
  }

  status(): StrandedStatus {
    const { here } = this.#options;
    const newest = this.#newest;
    if (newest === undefined) return { returning: false, offered: false, because: this.#because };
    if (!isReturning(newest.lineage, here)) return { returning: false, offered: true, because: 'this region is not on its way back' };
    return { returning: true, offered: this.#isDone(newest.lineage), because: this.#because };
  }

  offered(): boolean {
    return this.status().offered;
  }

  /** All stranded commits that are known, also to another instance, by shard, term and seq. */
  list(): Promise<readonly StrandedCommit[]> {
    return this.#memory.list();
  }

  async #round(signal: AbortSignal): Promise<void> {
    const stored = this.#newest;
    if (stored === undefined) return;
    const { sightings, here } = this.#options;
    const isOnItsWay = isReturning(stored.lineage, here);
    const { seen, unlooked } = sightings;
    await this.#memory.load();
    if (!isOnItsWay && unlooked === 0 && !this.#anyDue()) return this.#closeReader();
    if (isOnItsWay && this.#isDone(stored.lineage) && this.#reader?.failure === undefined && !this.#anyDue()) return;
    if (isOnItsWay && !(await this.#isIntact(stored.lineage, signal))) return;
    await this.#ensureReader();
    const read = await this.#reader!.readThrough(stored.lineage);
    await this.#offerAll(stored.lineage, signal);
    await this.#memory.save();
    if (!read.done) this.#because = read.because;
    else if (!this.#anyDue()) {
      sightings.lookedThrough(seen);
      this.#allDone(stored);
    }
  }

  #isDone(lineage: Lineage): boolean {
    return this.#doneFor === endedTerms(lineage, this.#options.here) && this.#options.sightings.unlooked === 0;
  }

  /** Nothing that stands in a log with holes would be judged as others judge it. */
  async #isIntact(lineage: Lineage, signal: AbortSignal): Promise<boolean> {
    const { here, reseed } = this.#options;
    const ended = endedTerms(lineage, here);
    const survivor = survivorOf(lineage, here);
    if (this.#intactFor === ended || survivor === undefined) return true;
    if (performance.now() < this.#reseedAgainMs) return false;
    this.#because = 'looking whether the own logs hold their history';
    this.#reseedAgainMs = performance.now() + reseedPauseMs;
    const copied = await reseed.ensure(lineage, survivor, signal);
    if (copied > 0) await this.#closeReader(); // what it had held back would come twice; it is opened anew where it was
    this.#intactFor = ended;
    return true;
  }

  async #ensureReader(): Promise<void> {
    if (this.#reader?.failure !== undefined) {
      this.#options.log.warn({ err: this.#reader.failure }, 'the own logs are read anew');
      await this.#closeReader();
    }
    if (this.#reader !== undefined) return;
    this.#sinceMs = performance.now();
    const { here, topology, cluster, log } = this.#options;
    const reader = new StrandedReader({
      here,
      topology,
      cluster,
      log,
      from: this.#memory.checkpoint,
      onStranded: (commit) => this.#found(strandedEntryOf(commit)),
      onCheckpoint: (checkpoint) => this.#memory.save(checkpoint),
    });
    await reader.open();
    this.#reader = reader;
  }

  async #closeReader(): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    await reader?.close();
  }

  #found(entry: StrandedEntry): void {
    if (this.#memory.found(entry)) this.#doneFor = undefined;
  }

  #anyDue(): boolean {
    return this.#memory.due.length > 0;
  }

  async #offerAll(lineage: Lineage, signal: AbortSignal): Promise<void> {
    const due = [...Map.groupBy(this.#memory.due, ({ commit }) => commit.shard)];
    const lanes = Array.from({ length: Math.min(shardsAtOnce, due.length) }, async () => {
      for (let next = due.shift(); next !== undefined && !signal.aborted; next = due.shift())
        await this.#offerShard(next[0], next[1], lineage, signal);
    });
    await Promise.all(lanes);
  }

  /** In order, up to the first that has to be offered again: a cancellation must not overtake its order. */
  async #offerShard(shard: ShardId, entries: readonly StrandedEntry[], lineage: Lineage, signal: AbortSignal): Promise<void> {
    const owner = segmentsOf(lineage, shard).at(-1)?.owner;
    if (owner === undefined || !this.#pauses.isOver(shard, performance.now())) return;
    for (const entry of entries) {
      if (signal.aborted) return;
      const answer = await this.#offer(owner, entry);
      const isOver = answer.kind !== 'again' || this.#again(shard, entry, answer);
      if (!isOver) return;
      this.#pauses.over(shard);
      this.#memory.changed(withOutcome(entry, ...outcomeOf(owner, answer)));
    }
  }

  async #offer(owner: Region, entry: StrandedEntry): Promise<OfferAnswer> {
    let listed: ReadonlyMap<Sku, ListedProduct> = new Map();
    try {
      const skus = toLookUp(entry);
      if (skus.length > 0) listed = await this.#options.products.listed(skus);
    } catch (error) {
      return { kind: 'again', because: `the product cannot be looked up: ${(error as Error).message}`, answered: false };
    }
    const command = commandOf(entry, (sku) => listed.get(sku));
    if ('because' in command) return { kind: 'again', because: command.because, answered: true };
    return this.#options.offers.offer(owner, command);
  }

  /** Takes down that it must be tried again. True: it was tried often enough. */
  #again(shard: ShardId, entry: StrandedEntry, { answered, because }: Extract<OfferAnswer, { kind: 'again' }>): boolean {
    const { log, events } = this.#options;
    const { term, seq, commandId } = entry.commit;
    if (this.#pauses.failed(shard, answered, performance.now())) {
      this.#because = `${shard}, seq ${seq} is to be offered again: ${because}`;
      this.#memory.changed(withOutcome(entry, 'not-yet', because));
      return false;
    }
    const details = { shard, term, seq, commandId };
    log.error({ ...details, because }, 'a stranded commit is given up: its command is offered no more');
    events.record({ event: 'stranded-given-up', term: this.#newest?.lineage.term ?? 0, because: `not decided: ${because}`, details });
    return true;
  }

  #allDone({ lineage }: StoredLineage): void {
    this.#doneFor = endedTerms(lineage, this.#options.here);
    this.#because = 'all that came from outside has been offered again';
    if (this.#toldTerm === lineage.term) return;
    this.#toldTerm = lineage.term;
    const commits = this.#memory.all.map(({ commit }) => commit);
    const outside = commits.filter(({ origin }) => origin === 'outside').length;
    this.#options.events.record({
      event: 'stranded-offered',
      term: lineage.term,
      because: `of ${commits.length} stranded commits ${outside} came from outside and have been offered again; the rest is derived where it is needed`,
      details: { stranded: commits.length, outside, derived: commits.length - outside },
      tookMs: Math.round(performance.now() - this.#sinceMs),
    });
  }
}

function outcomeOf(owner: Region, answer: OfferAnswer): [StrandedCommit['offered'], string] {
  if (answer.kind === 'never') return ['not-needed', `${owner} will not take it: ${answer.because}`];
  if (answer.kind === 'again') return ['not-needed', `given up: ${answer.because}`];
  if (answer.outcome === 'accepted') return ['offered', `${owner} has decided it again`];
  if (answer.outcome === 'done-before') return ['offered', `${owner} had done it already`];
  return ['offered', `${owner} refuses it by now: ${answer.refusal ?? 'no reason given'}`];
}
