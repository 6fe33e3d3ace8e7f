import { setTimeout as delay } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import { restAfterFetch } from '#shard-log';
import { BatchWriter } from './batch-writer.ts';
import { BatchBuffer } from './core/batch-buffer.ts';
import { isPoison } from './core/fold-error.ts';
import { restAfter, type WritePace } from './core/rest.ts';
import { decideParked, repeatSkips, retryDecodable, type ParkedDecision, type ParkedOutcome } from './decide-parked.ts';
import { ParkedOutbox } from './parked-outbox.ts';
import { releaseClient, reportedByTheQuery, type ProjectionDatabase } from './postgres/database.ts';
import { ProjectorWatch } from './projector-watch.ts';
import type { ParkedLog } from './parked-log.port.ts';
import type { OpenFeed, ProjectorDefinition, ProjectorFeed, ProjectorLog } from './projection.port.ts';

export interface ProjectorPace extends WritePace {
  /** Commits, and characters of their bodies, that one transaction takes at most (give or take one batch of the feed). */
  readonly commitsMax: number;
  readonly bodyCharsMax: number;
  /** A checkpoint that moved without commits is stored this often. */
  readonly idleCheckpointMs: number;
  /** How often a standby asks whether the leader is gone. */
  readonly standbyPollMs: number;
}

export const defaultPace: ProjectorPace = {
  commitsMax: 1_000,
  bodyCharsMax: 8_000_000,
  // Fewer, larger transactions are most of what saves PostgreSQL work. Reads see a commit that much later; after a pause the first one is stored at once.
  intervalMs: 50,
  restMaxMs: 250,
  idleCheckpointMs: 1_000,
  standbyPollMs: 1_000,
};

export interface RunProjections<Event extends { readonly type: string }, State> {
  readonly database: ProjectionDatabase;
  readonly definition: ProjectorDefinition<Event, State>;
  readonly openFeed: OpenFeed;
  readonly parkedLog: ParkedLog;
  /** Each leadership begins by reading again what was parked and can be decoded now. Default: people decide. */
  readonly retryParked?: boolean;
  /**
   * Before the first leadership, and after every failure: makes sure that the tables are there and of this definition, however long that takes.
   * May be told again when they are. The signal ends it early. Default: they are.
   */
  readonly prepare?: (signal: AbortSignal) => Promise<void>;
  /** What becomes of tables that another version of the definition has made: emptied and computed anew (default), or left to `prepare`. */
  readonly ofAnotherVersion?: 'emptied' | 'kept';
  readonly log: ProjectorLog;
  readonly pace?: Partial<ProjectorPace>;
}

export interface ProjectorStatus {
  readonly role: 'leader' | 'standby';
  /** Shards that stand still in the feed, with the reason. */
  readonly stoppedShards: Readonly<Record<string, string>>;
  /** Why the last leadership ended, until a batch was stored again. */
  readonly lastError: string | undefined;
  /** Commits that were read and are not stored yet. */
  readonly buffered: number;
}

export interface Projector {
  status(): ProjectorStatus;
  /** Works on every instance: one that does not lead makes the leader begin anew. */
  decideParked(id: string, decision: ParkedDecision): Promise<ParkedOutcome>;
  /** Next offset that the leader will read, as the topic is named in this region; undefined when it is not known here. */
  nextOffset(topic: string, partition: number): number | undefined;
  /** Ends after the running transaction; what was read but not stored is read again. */
  stop(): Promise<void>;
}

interface Leadership {
  feed: ProjectorFeed | undefined;
  readonly buffer: BatchBuffer;
}

const retryMaxMs = 2_000;

/**
 * Keeps a schema's projections up to the settled feed, for ever: leads while it holds the advisory lock of (schema, name), else
 * stands by. The lock only saves work; that two cannot double is the checkpoint's compare-and-set. Any failure ends the
 * leadership, and the next one begins from what is stored.
 */
export function runProjections<Event extends { readonly type: string }, State>(options: RunProjections<Event, State>): Projector {
  const loop = new ProjectorLoop(options);
  loop.start();
  return loop;
}

class ProjectorLoop<Event extends { readonly type: string }, State> implements Projector {
  readonly #options: RunProjections<Event, State>;
  readonly #pace: ProjectorPace;
  readonly #stopping = new AbortController();
  readonly #outbox: ParkedOutbox;
  readonly #watch: ProjectorWatch;
  #running: Promise<void> = Promise.resolve();
  #leadership: Leadership | undefined;
  #questions: ((writer: BatchWriter<Event, State>) => Promise<void>)[] = [];
  #lastError: string | undefined;
  /** So many of the next commits are applied one by one, because together they failed. */
  #carefulCommits = 0;
  #failuresInARow = 0;
  #storedAtMs = 0;
  #restMs = 0;

  constructor(options: RunProjections<Event, State>) {
    this.#options = options;
    this.#pace = { ...defaultPace, ...options.pace };
    this.#outbox = new ParkedOutbox(options.database.pool, (records) => options.parkedLog.announce(records), options.log);
    this.#watch = new ProjectorWatch({ name: options.definition.name, database: options.database, status: () => this.status() });
  }

  start(): void {
    this.#running = this.#run();
  }

  status(): ProjectorStatus {
    const stopped = this.#leadership?.feed?.stoppedShards() ?? new Map<string, string>();
    return {
      role: this.#leadership === undefined ? 'standby' : 'leader',
      stoppedShards: Object.fromEntries(stopped),
      lastError: this.#lastError,
      buffered: this.#leadership?.buffer.commits ?? 0,
    };
  }

  nextOffset(topic: string, partition: number): number | undefined {
    return this.#leadership?.feed?.nextOffset?.(topic, partition);
  }

  async decideParked(id: string, decision: ParkedDecision): Promise<ParkedOutcome> {
    const { definition, parkedLog } = this.#options;
    const ask = (writer: BatchWriter<Event, State>) =>
      decideParked(writer, definition.catalogue, id, decision, (one) => parkedLog.skip(one));
    if (this.#leadership === undefined) return ask(await this.#openWriter());
    const { buffer } = this.#leadership;
    return new Promise((resolve, reject) => {
      this.#questions.push(async (writer) => {
        try {
          resolve(await ask(writer));
        } catch (error) {
          reject(error);
          throw error;
        }
      });
      buffer.wake();
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#leadership?.buffer.close();
    await this.#running;
    await this.#outbox.close();
    this.#watch.close();
  }

  async #run(): Promise<void> {
    let prepared = false;
    while (!this.#stopping.signal.aborted) {
      try {
        if (!prepared) await this.#options.prepare?.(this.#stopping.signal);
        prepared = true;
        await this.#leadIfFree();
        await this.#pause(this.#pace.standbyPollMs);
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        prepared = false;
        this.#failuresInARow++;
        this.#lastError = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
        this.#options.log.warn(
          { projector: this.#options.definition.name, error: this.#lastError },
          'projector begins anew from what is stored',
        );
        await this.#pause(Math.min(retryMaxMs, 100 * 2 ** Math.min(this.#failuresInARow, 5)));
      }
    }
  }

  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#stopping.signal, ref: true }).catch(() => undefined); // aborted: it is over sooner
  }

  async #leadIfFree(): Promise<void> {
    const { database, definition } = this.#options;
    const lock = await database.pool.connect();
    let broken: Error | undefined;
    const lost = new AbortController();
    const onError = (error: Error): void => {
      broken = error;
      lost.abort();
      this.#leadership?.buffer.close();
    };
    lock.on('error', reportedByTheQuery);
    lock.on('error', onError);
    try {
      const key = `evenkeel.projector.${database.schema}.${definition.name}`;
      const { rows } = await lock.query('select pg_try_advisory_lock(hashtextextended($1, 0)) as free', [key]);
      if (rows[0].free !== true) return;
      await this.#lead(lost.signal);
      if (broken !== undefined) throw broken;
    } finally {
      lock.off('error', onError);
      await endLock(lock, broken);
    }
  }

  async #lead(lost: AbortSignal): Promise<void> {
    const { definition, openFeed, log } = this.#options;
    const writer = await this.#openWriter();
    const buffer = new BatchBuffer(this.#pace);
    const failed = new AbortController();
    const leadership: Leadership = { feed: undefined, buffer };
    this.#leadership = leadership;
    try {
      await this.#watch.leads();
      leadership.feed = await openFeed(writer.stored.checkpoint, {
        onBatch: (batch) => {
          this.#watch.read(batch);
          return buffer.put(batch);
        },
        onUnreadable: (record) => buffer.putUnreadable(record),
        // What is read sooner would wait for the next transaction anyway; but who catches up fills the next transaction.
        restMs: (records) => (restAfterFetch(records) === 0 ? 0 : this.#restMs),
        onStopped: (error) => {
          failed.abort(error);
          buffer.close();
        },
      });
      log.info({ projector: definition.name, version: writer.stored.version }, 'projector leads');
      await this.#decideAgain(writer);
      this.#outbox.wake();
      while (!this.#stopping.signal.aborted && !lost.aborted && !failed.signal.aborted) await this.#step(writer, buffer);
      failed.signal.throwIfAborted();
    } finally {
      this.#leadership = undefined;
      this.#watch.standsBy();
      buffer.close();
      await leadership.feed?.close();
      for (const question of this.#questions.splice(0)) await question(writer).catch(() => undefined); // its asker was told
    }
  }

  #openWriter(): Promise<BatchWriter<Event, State>> {
    const { database, definition, parkedLog, ofAnotherVersion = 'emptied' } = this.#options;
    return BatchWriter.open(database.pool, definition, { parkedLog, ofAnotherVersion });
  }

  /** What was parked and need not be any more: somebody decided about it, or it can be read now. */
  async #decideAgain(writer: BatchWriter<Event, State>): Promise<void> {
    const { database, definition, parkedLog, retryParked, log } = this.#options;
    const skipped = await repeatSkips(writer, database.pool, definition.catalogue, parkedLog);
    const applied = retryParked === true ? await retryDecodable(writer, database.pool, definition.catalogue) : 0;
    if (skipped + applied === 0) return;
    await this.#watch.parkedChanged();
    log.info({ projector: definition.name, skipped, applied }, 'parked records were decided about before, or can be read now');
  }

  async #step(writer: BatchWriter<Event, State>, buffer: BatchBuffer): Promise<void> {
    for (let question = this.#questions.shift(); question !== undefined; question = this.#questions.shift()) {
      await question(writer);
      await this.#watch.parkedChanged();
    }
    if (!buffer.holdsCommits) await buffer.arrival(this.#pace.idleCheckpointMs);
    // A checkpoint that moved without commits is in no hurry.
    const due = performance.now() - this.#storedAtMs >= this.#pace.idleCheckpointMs;
    const work = buffer.holdsCommits || due ? buffer.take() : undefined;
    if (work === undefined && due) {
      this.#storedAtMs = performance.now();
      await writer.verify();
      this.#isWell();
    }
    if (work === undefined) return;
    const startedAtMs = performance.now();
    await this.#write(writer, work);
    this.#storedAtMs = performance.now();
    this.#restMs = restAfter(this.#storedAtMs - startedAtMs, work.isFull, this.#pace);
    await this.#pause(this.#restMs);
  }

  /** What was read is stored, or there is nothing to store and the tables are those that it writes. */
  #isWell(): void {
    this.#lastError = undefined;
    this.#failuresInARow = 0;
  }

  async #write(writer: BatchWriter<Event, State>, work: Parameters<BatchWriter<Event, State>['write']>[0]): Promise<void> {
    try {
      const mode = this.#carefulCommits > 0 ? 'careful' : 'together';
      const setAsides = await this.#watch.stores(work, () => writer.write(work, mode));
      this.#carefulCommits = Math.max(0, this.#carefulCommits - work.commits.length);
      this.#isWell();
      if (setAsides === 0) return;
      this.#options.log.warn({ projector: this.#options.definition.name, setAsides }, 'records were parked or withheld');
      await this.#watch.parkedChanged();
      this.#outbox.wake();
    } catch (error) {
      if (isPoison(error)) this.#carefulCommits = Math.max(1, work.commits.length);
      throw error;
    }
  }
}

/** Gives the lock back with its connection; a connection in doubt is destroyed, which frees the lock too. */
async function endLock(lock: PoolClient, broken: Error | undefined): Promise<void> {
  const undone =
    broken ??
    (await lock.query('select pg_advisory_unlock_all()').then(
      () => undefined,
      (error: Error) => error,
    ));
  releaseClient(lock, undone);
}
