import { setTimeout as delay } from 'node:timers/promises';
import type { ShardId } from '#contracts';
import { checksumsOf, streamStatesTable } from './checksums.ts';
import { readProgress } from './postgres/checkpoint-table.ts';
import { inTransaction, openProjectionDatabase, type ProjectionDatabase } from './postgres/database.ts';
import { migrate, migrationsTable, type MigrationClass } from './postgres/migrate.ts';
import { runtimeTableNames } from './postgres/runtime-tables.ts';
import type { OpenFeed, ProjectorDefinition, ProjectorLog, Tx } from './projection.port.ts';
import { runProjections, type Projector } from './projector.ts';

export interface RebuildOptions<Event extends { readonly type: string }, State> {
  readonly live: ProjectionDatabase;
  readonly definition: ProjectorDefinition<Event, State>;
  readonly migrations: readonly MigrationClass[];
  readonly openFeed: OpenFeed;
  readonly log: ProjectorLog;
  /** Longest catching up with the live tables. */
  readonly catchUpMs: number;
  /** How long a moment is sought at which both stand at the same seqs, so that they can be compared. */
  readonly compareMs: number;
}

export interface RebuildResult {
  /** Names of projections whose checksums differed; undefined when under load no moment was found to compare them. */
  readonly differing: readonly string[] | undefined;
}

/**
 * Folds the log from its start into a shadow schema beside the live one, catches up, repeats people's decisions on parked records,
 * compares, and swaps the tables in one transaction: readers see the old rows, then the new ones. The live projector then finds
 * another checkpoint version and begins anew from it. A failure leaves the live tables as they were. One rebuild of a schema at a time.
 */
export async function rebuild<Event extends { readonly type: string }, State>(
  options: RebuildOptions<Event, State>,
): Promise<RebuildResult> {
  const { live } = options;
  const lock = await live.pool.connect();
  const broken = (): void => undefined; // whoever uses it next is told
  lock.on('error', broken);
  try {
    const { rows } = await lock.query('select pg_try_advisory_lock(hashtextextended($1, 0)) as free', [`evenkeel.rebuild.${live.schema}`]);
    if (rows[0].free !== true) throw new Error(`another rebuild of ${live.schema} is running`);
    return await rebuildAlone(options);
  } finally {
    lock.release(true); // its end frees the lock
  }
}

async function rebuildAlone<Event extends { readonly type: string }, State>(options: RebuildOptions<Event, State>): Promise<RebuildResult> {
  const { live, definition, migrations, openFeed, log } = options;
  const schema = `${live.schema}_shadow`;
  await live.pool.query(`drop schema if exists "${schema}" cascade`);
  await migrate({ url: live.url, schema, migrations });
  const shadow = openProjectionDatabase({
    url: live.url,
    schema,
    connectionsMax: 4,
    statementTimeoutMs: 60_000,
    onIdleError: (error) => log.warn({ error: error.message }, 'an idle connection of the rebuild broke'),
  });
  // What is parked has been announced by the live projector.
  const projector = runProjections({ database: shadow, definition, openFeed, announceParked: () => Promise.resolve(), log });
  try {
    await catchUp(options, shadow, projector);
    return await compareAndSwap(options, shadow);
  } finally {
    await projector.stop();
    await shadow.close();
    await live.pool.query(`drop schema if exists "${schema}" cascade`);
  }
}

const reaches = (progress: Readonly<Record<ShardId, number>>, target: Readonly<Record<ShardId, number>>): boolean =>
  (Object.entries(target) as [ShardId, number][]).every(([shard, seq]) => (progress[shard] ?? 0) >= seq);

async function catchUp<Event extends { readonly type: string }, State>(
  { live, catchUpMs }: RebuildOptions<Event, State>,
  shadow: ProjectionDatabase,
  projector: Projector,
): Promise<void> {
  const deadlineMs = performance.now() + catchUpMs;
  while (!reaches(await readProgress(shadow.pool), await readProgress(live.pool))) {
    if (performance.now() > deadlineMs) throw new Error(`the rebuild of ${live.schema} has not caught up within ${catchUpMs} ms`);
    await delay(200);
  }
  const { rows } = await live.pool.query(`select id from parked_record where status = 'skipped' order by shard, seq`);
  for (const { id } of rows) await projector.decideParked(id as string, 'skip');
}

async function compareAndSwap<Event extends { readonly type: string }, State>(
  { live, definition, compareMs }: RebuildOptions<Event, State>,
  shadow: ProjectionDatabase,
): Promise<RebuildResult> {
  const projections = [...definition.projections, streamStatesTable];
  const tables = [
    ...definition.projections.flatMap((projection) => projection.tables.map(({ table }) => table)),
    ...runtimeTableNames,
    migrationsTable,
  ];
  const deadlineMs = performance.now() + compareMs;
  for (;;) {
    const late = performance.now() > deadlineMs;
    const result = await inTransaction(live.pool, async (tx) => {
      await tx.query('set local statement_timeout = 120000');
      // Both projectors stop here until the swap is done, or not done.
      await tx.query(`lock table "${live.schema}".feed_checkpoint, "${shadow.schema}".feed_checkpoint in access exclusive mode`);
      const [before, after] = [await inSchema(tx, live.schema, readProgress), await inSchema(tx, shadow.schema, readProgress)];
      if (!reaches(after, before)) return undefined;
      const same = reaches(before, after);
      if (!same && !late) return undefined;
      const differing = same ? await differences(tx, live.schema, shadow.schema, projections) : undefined;
      await swap(tx, live.schema, shadow.schema, tables, definition.name);
      return { differing };
    });
    if (result !== undefined) return result;
    await delay(250);
  }
}

async function inSchema<T>(tx: Tx, schema: string, read: (tx: Tx) => Promise<T>): Promise<T> {
  await tx.query(`set local search_path = "${schema}"`);
  return read(tx);
}

async function differences(
  tx: Tx,
  live: string,
  shadow: string,
  projections: Parameters<typeof checksumsOf>[1],
): Promise<readonly string[]> {
  const before = await inSchema(tx, live, (reader) => checksumsOf(reader, projections));
  const after = await inSchema(tx, shadow, (reader) => checksumsOf(reader, projections));
  return projections.map(({ name }) => name).filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}

async function swap(tx: Tx, live: string, shadow: string, tables: readonly string[], name: string): Promise<void> {
  // Above both: neither projector can take the new row for the one that it has written itself.
  await tx.query(
    `update "${shadow}".feed_checkpoint s set version = greatest(s.version, l.version) + 1
     from "${live}".feed_checkpoint l where l.name = s.name and s.name = $1`,
    [name],
  );
  for (const table of tables) {
    await tx.query(`drop table "${live}"."${table}"`);
    await tx.query(`alter table "${shadow}"."${table}" set schema "${live}"`);
  }
}
