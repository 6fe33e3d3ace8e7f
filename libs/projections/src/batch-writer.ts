import type { Pool } from 'pg';
import { admit, reasonOf } from './core/admission.ts';
import type { PendingWork } from './core/batch-buffer.ts';
import { BlockedStreams } from './core/blocked-streams.ts';
import { isPoison } from './core/fold-error.ts';
import { together } from './core/together.ts';
import { fingerprintOf, stateVersionOf } from './fingerprint.ts';
import {
  advanceCheckpoint,
  advanceShards,
  createCheckpoint,
  OvertakenError,
  readCheckpoint,
  type StoredCheckpoint,
} from './postgres/checkpoint-table.ts';
import { copyingTx, type CopyingTx } from './postgres/copy-rows.ts';
import { inTransaction } from './postgres/database.ts';
import { parkedId, readBlocked, setAside, setAsideUnreadable, unreadableId, type SetAsideAs } from './postgres/parked-table.ts';
import type { ParkedLog } from './parked-log.port.ts';
import type { ProjectorDefinition, RowMemory, SettledEvent, Tx, UnreadableRecord } from './projection.port.ts';
import { StreamStates } from './stream-states.ts';
import { emptyTables } from './postgres/empty-tables.ts';

/** The tables were made by another version of the definition, and are not ours to write or to empty. */
export class OtherDefinitionError extends Error {
  override readonly name = 'OtherDefinitionError';
}

/**
 * How a batch is applied. `together`: all of it by few statements. `careful`: commit by commit, and one that cannot be applied is parked instead
 * of failing: for what has failed before.
 */
export type WriteMode = 'together' | 'careful';

/** Where a rebuild's folds go, with what must stand together with their rows. */
export interface FoldMemory extends RowMemory {
  also(statement: (tx: Tx) => Promise<void>): void;
}

type Settled = PendingWork['commits'][number];
type PutAside = (settled: Settled, status: SetAsideAs, reason: string) => void | Promise<void>;

export interface BatchWriterOptions {
  readonly parkedLog: Pick<ParkedLog, 'skipped'>;
  readonly ofAnotherVersion?: 'emptied' | 'kept';
}

const notInAFold: Tx['query'] = () =>
  Promise.reject(new Error('a projection that is rebuilt reads and writes whole rows, and asks nothing else'));

/**
 * Writes what one projector has read. Rows, stream states, parked records, progress and checkpoint of a batch stand in one
 * transaction, whose first statement compares and sets the checkpoint's version.
 *
 * After any failure the instance is of no use: what it remembers may not be what is stored. A new one is opened.
 */
export class BatchWriter<Event extends { readonly type: string }, State> {
  readonly #pool: Pool;
  readonly #definition: ProjectorDefinition<Event, State>;
  readonly #states: StreamStates<Event, State>;
  #stored: StoredCheckpoint;
  #blocked: BlockedStreams;
  readonly #parkedLog: BatchWriterOptions['parkedLog'];
  /** Asked for once in a batch that has something to set aside, which is rare. */
  #skipped: Promise<ReadonlySet<string>> | undefined;

  private constructor(
    pool: Pool,
    definition: ProjectorDefinition<Event, State>,
    parkedLog: BatchWriterOptions['parkedLog'],
    stored: StoredCheckpoint,
    blocked: BlockedStreams,
  ) {
    this.#pool = pool;
    this.#definition = definition;
    this.#parkedLog = parkedLog;
    this.#states = new StreamStates(definition.streams);
    this.#stored = stored;
    this.#blocked = blocked;
    for (const projection of definition.projections) projection.forget(this);
  }

  /**
   * Where the projector stands. What was stored under another version of states or projections is emptied, to be read again, or kept.
   * @throws OtherDefinitionError when it is kept
   */
  static async open<Event extends { readonly type: string }, State>(
    pool: Pool,
    definition: ProjectorDefinition<Event, State>,
    { parkedLog, ofAnotherVersion = 'emptied' }: BatchWriterOptions,
  ): Promise<BatchWriter<Event, State>> {
    const fingerprint = fingerprintOf(definition);
    const stateVersion = stateVersionOf(definition);
    return inTransaction(pool, async (tx) => {
      await createCheckpoint(tx, definition.name, stateVersion, fingerprint);
      const stored = (await readCheckpoint(tx, definition.name))!;
      if (stored.stateVersion !== stateVersion || stored.fingerprint !== fingerprint) {
        if (ofAnotherVersion === 'kept') throw new OtherDefinitionError(`the tables of ${definition.name} are of another version of it`);
        await emptyTables(tx, definition, stored.version, fingerprint);
        const empty = { version: stored.version + 1, stateVersion, fingerprint, checkpoint: undefined };
        return new BatchWriter(pool, definition, parkedLog, empty, new BlockedStreams());
      }
      return new BatchWriter(pool, definition, parkedLog, stored, await readBlocked(tx));
    });
  }

  get stored(): StoredCheckpoint {
    return this.#stored;
  }

  /** Stores all of the work, or nothing. Resolves with how many commits were set aside. @throws OvertakenError and whatever the database throws */
  async write(work: PendingWork, mode: WriteMode): Promise<number> {
    this.#skipped = undefined;
    const setAsides = await inTransaction(this.#pool, async (tx) => {
      // Answered in this order, so being overtaken is the first failure; and before a savepoint could undo some of it.
      await together([
        advanceCheckpoint(tx, this.#definition.name, this.#stored.version, work.checkpoint),
        advanceShards(tx, work.moved),
        ...work.unreadable.map(async (record) => setAsideUnreadable(tx, record, await this.#fateOfUnreadable(record))),
      ]);
      const count = mode === 'careful' ? await this.#applyOneByOne(work, tx) : await this.#applyTogether(work, tx);
      return count + work.unreadable.length;
    });
    this.#stored = { ...this.#stored, version: this.#stored.version + 1, checkpoint: work.checkpoint };
    return setAsides;
  }

  /** Of a rebuild: folds the work into memory, for a `store` to come. Nothing else is written between the two. */
  async fold(work: PendingWork, memory: FoldMemory): Promise<void> {
    this.#skipped = undefined;
    for (const record of work.unreadable) {
      const status = await this.#fateOfUnreadable(record);
      memory.also((tx) => setAsideUnreadable(tx, record, status));
    }
    await this.#applyTogether(work, { memory, query: notInAFold }, (settled, status, reason) => {
      memory.also((tx) => setAside(tx, settled, status, reason));
    });
  }

  /** Stores what was folded up to this progress, by `write`, or nothing of it. @throws OvertakenError and whatever the database throws */
  async store({ moved, checkpoint }: Pick<PendingWork, 'moved' | 'checkpoint'>, write: (tx: CopyingTx) => Promise<void>): Promise<void> {
    await inTransaction(this.#pool, async (client) => {
      const tx = copyingTx(client);
      await together([advanceCheckpoint(tx, this.#definition.name, this.#stored.version, checkpoint), advanceShards(tx, moved)]);
      await write(tx);
    });
    this.#stored = { ...this.#stored, version: this.#stored.version + 1, checkpoint };
  }

  /** For who has nothing to write: finds out that the tables were exchanged, or are gone. @throws OvertakenError and whatever the database throws */
  async verify(): Promise<void> {
    const stored = await readCheckpoint(this.#pool, this.#definition.name);
    if (stored?.version !== this.#stored.version)
      throw new OvertakenError(`the tables of ${this.#definition.name} are not those that were opened`);
  }

  /** Runs `work` as a batch of its own that moves no checkpoint; afterwards the blocked streams are read anew. */
  async decide<T>(
    work: (tx: Tx, project: (events: readonly SettledEvent<Event>[]) => Promise<string | undefined>) => Promise<T>,
  ): Promise<T> {
    const [result, blocked] = await inTransaction(this.#pool, async (tx) => {
      await advanceCheckpoint(tx, this.#definition.name, this.#stored.version, undefined);
      const done = await work(tx, (events) => this.#projectOrUndo(events, tx));
      return [done, await readBlocked(tx)] as const;
    });
    this.#stored = { ...this.#stored, version: this.#stored.version + 1 };
    this.#blocked = blocked;
    return result;
  }

  async #applyTogether(
    work: PendingWork,
    tx: Tx,
    putAside: PutAside = (settled, status, reason) => setAside(tx, settled, status, reason),
  ): Promise<number> {
    const events: SettledEvent<Event>[] = [];
    let setAsides = 0;
    for (const settled of work.commits) {
      const admission = admit(settled.commit, this.#definition.catalogue, this.#blocked);
      if (admission.kind === 'applied') for (const event of admission.events) events.push(event);
      else {
        await putAside(settled, await this.#fateOf(settled, admission.kind), admission.reason);
        setAsides++;
      }
    }
    await this.#project(events, tx);
    return setAsides;
  }

  async #applyOneByOne(work: PendingWork, tx: Tx): Promise<number> {
    let setAsides = 0;
    for (const settled of work.commits) {
      const admission = admit(settled.commit, this.#definition.catalogue, this.#blocked);
      const failure = admission.kind === 'applied' ? await this.#projectOrUndo(admission.events, tx) : undefined;
      if (admission.kind === 'applied' && failure === undefined) continue;
      const [kind, reason] = admission.kind === 'applied' ? (['parked', failure!] as const) : [admission.kind, admission.reason];
      await setAside(tx, settled, await this.#fateOf(settled, kind), reason);
      setAsides++;
    }
    return setAsides;
  }

  /** What is set aside blocks its streams, unless somebody has decided to go on without it. */
  async #fateOf({ commit }: Settled, kind: 'parked' | 'withheld'): Promise<SetAsideAs> {
    if (kind === 'parked' && (await this.#skippedNow()).has(parkedId(commit.shard, commit.seq))) return 'skipped';
    this.#blocked.block(commit.shard, commit.streams);
    return kind;
  }

  async #fateOfUnreadable(record: UnreadableRecord): Promise<'parked' | 'skipped'> {
    return (await this.#skippedNow()).has(unreadableId(record)) ? 'skipped' : 'parked';
  }

  #skippedNow(): Promise<ReadonlySet<string>> {
    return (this.#skipped ??= this.#parkedLog.skipped());
  }

  async #project(events: readonly SettledEvent<Event>[], tx: Tx): Promise<void> {
    if (events.length === 0) return;
    const { projections } = this.#definition;
    await together([this.#states.apply(events, tx), ...projections.map((projection) => projection.apply(events, tx, this))]);
  }

  /** Undefined when the events are applied; else why they cannot be, with nothing of them left in the transaction. */
  async #projectOrUndo(events: readonly SettledEvent<Event>[], tx: Tx): Promise<string | undefined> {
    await tx.query('savepoint one_commit');
    try {
      await this.#project(events, tx);
      await tx.query('release savepoint one_commit');
      return undefined;
    } catch (error) {
      if (!isPoison(error)) throw error;
      await tx.query('rollback to savepoint one_commit');
      this.#states.forget();
      for (const projection of this.#definition.projections) projection.forget(this);
      return `it cannot be applied: ${reasonOf(error)}`;
    }
  }
}
