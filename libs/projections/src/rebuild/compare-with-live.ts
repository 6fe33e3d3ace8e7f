import { checksumsOf, streamStatesTable, type ProjectionChecksum } from '../checksums.ts';
import { readCheckpoint } from '../postgres/checkpoint-table.ts';
import { inTransaction, type ProjectionDatabase } from '../postgres/database.ts';
import { shadowOf } from '../postgres/shadow-schema.ts';
import { inSchema, lockCheckpoint, progressIn } from '../postgres/swap-schemas.ts';
import type { ProjectorDefinition, Tx } from '../projection.port.ts';
import type { ShadowLoad } from './shadow-load.ts';

export interface CompareWithLive<Event extends { readonly type: string }, State> {
  readonly live: ProjectionDatabase;
  readonly definition: ProjectorDefinition<Event, State>;
  readonly load: ShadowLoad<Event, State>;
  readonly withinMs: number;
  /** Decides about the shadow's parked records as people did about the live ones. */
  repeatDecisions(tx: Tx): Promise<void>;
  /** Reads on, and stores nothing. */
  step(): Promise<void>;
  /** Reads on, and stores. */
  catchUp(): Promise<void>;
}

/** Beyond so many the shadow does not wait for live tables that do not move. */
const heldMax = 50_000;

/**
 * The projections whose rows or checksums differ, compared as of one moment at which both stand at the same seqs of all shards: the shadow is
 * brought to exactly the seqs of the live tables while their projector is held up for a moment, and from then on one snapshot of both is
 * read, while everything goes on. Undefined: there was no such moment, because the live tables are behind and do not move.
 */
export async function compareWithLive<Event extends { readonly type: string }, State>(
  options: CompareWithLive<Event, State>,
): Promise<readonly string[] | undefined> {
  const { live, definition, load, withinMs } = options;
  const deadlineMs = performance.now() + withinMs;
  const projections = [...definition.projections, streamStatesTable];
  while (performance.now() < deadlineMs && load.heldCommits < heldMax) {
    const compared = await inTransaction(
      live.pool,
      async (tx) => {
        await tx.query('set local statement_timeout = 600000');
        const stands = await inTransaction(live.pool, async (holding) => {
          await lockCheckpoint(holding, live.schema);
          const stored = await inSchema(holding, live.schema, (reader) => readCheckpoint(reader, definition.name));
          const progress = await progressIn(holding, live.schema);
          if (stored?.checkpoint === undefined || !(await load.storeUpTo(progress, stored.checkpoint))) return false;
          await options.repeatDecisions(holding);
          await tx.query('select 1'); // the first statement takes the snapshot that all later ones read
          return true;
        });
        if (!stands) return undefined;
        await load.open();
        const of = (schema: string) => inSchema(tx, schema, (reader) => checksumsOf(reader, projections, 'ofThisServer'));
        return [await of(live.schema), await of(shadowOf(live.schema))] as const;
      },
      'repeatable read read only',
    );
    if (compared !== undefined) return differingOf(...compared);
    await options.step();
  }
  await options.catchUp();
  return undefined;
}

type Checksums = Readonly<Record<string, ProjectionChecksum>>;

const differingOf = (before: Checksums, after: Checksums): readonly string[] =>
  Object.keys(after).filter((name) => before[name]?.rows !== after[name]?.rows || before[name]?.checksum !== after[name]?.checksum);
