import { setTimeout as delay } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import { openProjectionDatabase, reportedByTheQuery, type ProjectionDatabase } from './postgres/database.ts';
import { standingOf } from './postgres/live-tables.ts';
import type { MigrationClass } from './postgres/migrate.ts';
import { buildIndexes, openShadow, shadowOf } from './postgres/shadow-schema.ts';
import { BusyTablesError, progressIn, swapIn } from './postgres/swap-schemas.ts';
import type { ParkedLog } from './parked-log.port.ts';
import type { OpenFeed, ProjectorDefinition, ProjectorLog, Tx } from './projection.port.ts';
import { reaches } from './rebuild/capped-work.ts';
import { compareWithLive } from './rebuild/compare-with-live.ts';
import { ReadTarget, type LogEnds } from './rebuild/read-target.ts';
import { RebuildRate, type RebuildProgress } from './rebuild/rebuild-rate.ts';
import { ShadowLoad } from './rebuild/shadow-load.ts';

export interface RebuildOptions<Event extends { readonly type: string }, State> {
  readonly live: ProjectionDatabase;
  readonly definition: ProjectorDefinition<Event, State>;
  readonly migrations: readonly MigrationClass[];
  readonly openFeed: OpenFeed;
  readonly parkedLog: Pick<ParkedLog, 'skipped'>;
  /** Topics that do not exist are left out. @throws while the cluster cannot be asked */
  readonly logEnds: () => Promise<LogEnds>;
  readonly log: ProjectorLog;
  /** How long a moment is sought at which both stand at the same seqs, so that they can be compared; 0: they are not compared. */
  readonly compareMs: number;
  /** Gives up when for so long nothing was read or written, and not all is. */
  readonly stuckMs: number;
  onProgress?(progress: RebuildProgress): void;
  /** Ends it early. What was loaded is kept, and the next rebuild goes on from there. */
  readonly signal?: AbortSignal;
}

export interface RebuildResult {
  /** Names of projections whose checksums differed; undefined when there was nothing to compare with, or no moment for it. */
  readonly differing: readonly string[] | undefined;
  /** An interrupted one was gone on with. */
  readonly resumed: boolean;
}

/**
 * Folds the log into a shadow schema beside the live one, catches up, repeats people's decisions on parked records, compares, and swaps the
 * tables in one transaction (docs/adr/0030). Live tables may be absent or of another version: then nothing is compared. A failure leaves
 * them as they were, and what was loaded for the next rebuild of the same definition. One rebuild of a schema at a time.
 */
export async function rebuild<Event extends { readonly type: string }, State>(
  options: RebuildOptions<Event, State>,
): Promise<RebuildResult> {
  const { live } = options;
  const lock = await live.pool.connect();
  lock.on('error', reportedByTheQuery);
  try {
    if (!(await lockRebuild(lock, live.schema))) throw new Error(`another rebuild of ${live.schema} is running`);
    return await new RunningRebuild(options).run();
  } finally {
    await lock.query('select pg_advisory_unlock_all()').catch(() => undefined); // its connection ends, which frees it too, a little later
    lock.release(true);
  }
}

/** Waits a little: of a process that was killed, PostgreSQL hears a moment later. */
async function lockRebuild(client: PoolClient, schema: string): Promise<boolean> {
  for (const deadlineMs = performance.now() + lockWithinMs; ;) {
    const { rows } = await client.query('select pg_try_advisory_lock(hashtextextended($1, 0)) as free', [`evenkeel.rebuild.${schema}`]);
    if (rows[0].free === true) return true;
    if (performance.now() >= deadlineMs) return false;
    await delay(retryMs);
  }
}

const lockWithinMs = 5_000;
const failuresMax = 5;
const retryMs = 1_000;
const gatherMs = 100;
const endsEveryMs = 500;
/** A partition may be held back for as long as another region's log is missing: what does not move for so long is not waited for. */
const heldBackMs = 5_000;
/** So near the end the rest is read in the time of an index or two. */
const nearRecords = 2_000;
const swapTriesMax = 2_000;
const swapPauseMs = 25;

class RunningRebuild<Event extends { readonly type: string }, State> {
  readonly #options: RebuildOptions<Event, State>;
  readonly #load: ShadowLoad<Event, State>;
  readonly #shadow: ProjectionDatabase;
  readonly #rate = new RebuildRate();
  #endsAtMs = -Infinity;
  #left = Infinity;
  #read = -1;
  #movedAtMs = performance.now();
  #isOpen = false;
  /** With nothing stored between them. */
  #failuresInARow = 0;
  #transactionsBefore = 0;
  #phase: RebuildProgress['phase'] = 'loading';

  constructor(options: RebuildOptions<Event, State>) {
    this.#options = options;
    const { live, definition, openFeed, parkedLog, log } = options;
    this.#shadow = openProjectionDatabase({
      url: live.url,
      schema: shadowOf(live.schema),
      connectionsMax: 3,
      statementTimeoutMs: 600_000,
      forLoading: true,
      onIdleError: (error) => log.warn({ error: error.message }, 'an idle connection of the rebuild broke'),
    });
    this.#load = new ShadowLoad({ shadow: this.#shadow, definition, openFeed, parkedLog });
  }

  async run(): Promise<RebuildResult> {
    const { live, definition, migrations, log } = this.#options;
    try {
      const resumed = await openShadow({ pool: live.pool, url: live.url, schema: live.schema, definition, migrations });
      if (resumed) log.info({ schema: live.schema }, 'a rebuild goes on where it was interrupted');
      await this.#untilNear();
      this.#enter('indexing');
      await buildIndexes(live.url, live.schema);
      const differing = await this.#compare();
      this.#enter('swapping');
      await this.#swap();
      return { differing, resumed };
    } finally {
      await this.#load.close();
      await this.#shadow.close();
    }
  }

  #enter(phase: RebuildProgress['phase']): void {
    this.#phase = phase;
    this.#moved();
    this.#options.onProgress?.(this.#rate.at(phase));
  }

  /** Loads until what is left is little, or stands still, and all else is stored: what fails to be is read again, perhaps from far back. */
  async #untilNear(): Promise<void> {
    do {
      do await this.#step(false);
      while (!this.#isNear());
      await this.#step(true);
    } while (!this.#isNear());
  }

  async #step(evenLittle: boolean): Promise<void> {
    const { stuckMs, live } = this.#options;
    await this.#livingThroughFailures(async () => {
      const came = await this.#gather();
      await this.#load.store({ evenLittle });
      if (came) this.#moved(); // however long it took: what is slow is not held back
    });
    if (performance.now() - this.#movedAtMs > stuckMs) throw new Error(`the rebuild of ${live.schema} has not moved for ${stuckMs} ms`);
  }

  /** Opens the load for the work; begins anew, from what is stored, after lost connections and what cannot be folded as it was tried. */
  async #livingThroughFailures<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        if (!this.#isOpen) await this.#load.open();
        this.#isOpen = true;
        return await work();
      } catch (error) {
        this.#options.signal?.throwIfAborted();
        const { transactions } = this.#load;
        if (transactions > this.#transactionsBefore) [this.#transactionsBefore, this.#failuresInARow] = [transactions, 0];
        if (++this.#failuresInARow > failuresMax) throw error;
        this.#isOpen = false;
        this.#left = Infinity; // until it is looked at: what was not stored is read again
        this.#options.log.warn({ error: String(error) }, 'the rebuild begins anew from what it has stored');
        await delay(retryMs);
      }
    }
  }

  #isNear(): boolean {
    return this.#left <= nearRecords || (this.#left < Infinity && performance.now() - this.#movedAtMs >= heldBackMs);
  }

  async #look(): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - this.#endsAtMs < endsEveryMs) return;
    this.#endsAtMs = nowMs;
    const ends = await this.#options.logEnds().catch(() => undefined);
    if (ends === undefined) return this.#moved(); // Kafka is away: the feed waits for it, and so do we
    let [read, total] = [0, 0];
    for (const [topic, partitions] of ends)
      partitions.forEach((end, partition) => {
        read += Math.min(end, this.#load.nextOffset(topic, partition) ?? 0);
        total += end;
      });
    if (read !== this.#read) this.#moved();
    this.#read = read;
    this.#left = total - read;
    this.#rate.note(read, total, nowMs);
    this.#options.onProgress?.(this.#rate.at(this.#phase));
  }

  async #compare(): Promise<readonly string[] | undefined> {
    const { live, definition, compareMs } = this.#options;
    if (compareMs === 0 || (await standingOf(live.pool, live.schema, definition)) !== 'same') return undefined;
    this.#enter('comparing');
    return this.#livingThroughFailures(() =>
      compareWithLive({
        live,
        definition,
        load: this.#load,
        withinMs: compareMs,
        repeatDecisions: (tx) => this.#repeatDecisions(tx),
        step: async () => void (await this.#gather()),
        catchUp: () => this.#step(true),
      }),
    );
  }

  /** Whether something came. */
  async #gather(): Promise<boolean> {
    this.#options.signal?.throwIfAborted();
    const came = await this.#load.gather(gatherMs);
    if (came) this.#moved();
    await this.#look();
    return came;
  }

  #moved(): void {
    this.#movedAtMs = performance.now();
  }

  /** What people skipped in the live tables is skipped here too. */
  async #repeatDecisions(tx: Tx): Promise<void> {
    for (const id of await missingDecisions(tx, this.#options.live.schema)) await this.#load.skipParked(id);
  }

  async #swap(): Promise<void> {
    const { live, definition, log } = this.#options;
    const target = await this.#allThatStandsNow();
    let isComplete = false;
    for (let tries = 0; tries < swapTriesMax; tries++) {
      // Asked before the step that stores what was read: then it is stored.
      const wasComplete = isComplete;
      isComplete = target.isReached((topic, partition) => this.#load.nextOffset(topic, partition), performance.now());
      await this.#step(true);
      const standing = await standingOf(live.pool, live.schema, definition);
      if (standing === 'absent' && !wasComplete) continue;
      if (standing !== 'absent') await this.#repeatDecisions(live.pool);
      try {
        if (await swapIn(live.pool, live.schema, definition.name, (tx) => this.#maySwap(tx, standing !== 'absent'))) return;
      } catch (error) {
        if (!(error instanceof BusyTablesError)) throw error;
        if (tries % 100 === 99)
          log.warn({ schema: live.schema, tries }, 'the rebuilt tables wait for a moment at which nobody reads the old ones');
      }
      await delay(swapPauseMs);
    }
    throw new Error(`no moment was found to swap the rebuilt tables of ${live.schema} in; they are kept, and the next rebuild tries again`);
  }

  /** What missing tables must show before they are there at all: readers cannot tell what is not in them yet. */
  async #allThatStandsNow(): Promise<ReadTarget> {
    for (;;) {
      const ends = await this.#options.logEnds().catch(() => undefined); // Kafka is away: the feed waits for it, and so do we
      if (ends !== undefined) return new ReadTarget(ends, heldBackMs);
      await this.#step(true);
    }
  }

  async #maySwap(tx: Tx, liveStands: boolean): Promise<boolean> {
    if (!liveStands) return true;
    const { schema } = this.#options.live;
    return reaches(this.#load.stored, await progressIn(tx, schema)) && (await missingDecisions(tx, schema)).length === 0;
  }
}

/** Records that were skipped in the live tables, and stand open in the shadow. */
async function missingDecisions(tx: Tx, schema: string): Promise<readonly string[]> {
  const { rows } = await tx.query(
    `select l.id from "${schema}".parked_record l join "${shadowOf(schema)}".parked_record s using (id)
     where l.status = 'skipped' and s.status = 'parked' order by l.shard, l.seq`,
  );
  return rows.map((row) => row['id'] as string);
}
