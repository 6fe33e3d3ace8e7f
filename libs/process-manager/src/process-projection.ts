import type { ShardId } from '#contracts';
import {
  LeastRecentlyUsed,
  selectMany,
  together,
  upsertMany,
  type Columns,
  type Projection,
  type SettledEvent,
  type Tx,
} from '#projections';
import type { EmitMode } from './leadership.ts';
import { newlyRequired, type ProcessDefinition, type RequiredCommand } from './process.ts';

/** Where commands go. Resolves when Kafka has acknowledged all of them; rejects when that is not certain. */
export type EmitCommands<Command> = (commands: readonly RequiredCommand<Command>[]) => Promise<void>;

export interface ProcessHost<Event, State, Command> {
  readonly definition: ProcessDefinition<Event, State, Command>;
  /** Raised when the same events shall give other states: they are then folded anew from the start of the logs. */
  readonly version: number;
  readonly emit: EmitCommands<Command>;
  /** Asked once per batch: what it emits. */
  readonly mode: () => EmitMode;
  /** Only the region that owns the target shard issues a command; the other region folds the same states and stays silent. */
  readonly owns: (shard: ShardId) => boolean;
  /** UTC, ISO 8601: what the commands carry as their time. */
  readonly now: () => string;
  /** Told of every state that moved or was swept: for work that is no command. May be told before the state is stored, and again. */
  readonly onState?: ((key: string, state: State) => void) | undefined;
}

export const processTable = 'process_state';

const columns: Columns = {
  key: 'text',
  state: 'jsonb',
  done: 'boolean',
  deadline: 'timestamptz',
};
const written: Columns = { ...columns, moved_at: 'timestamptz' };

/** Statements of the migration that creates what `processProjection` and the sweeper use. */
export const processTables: readonly string[] = [
  `create table ${processTable} (
     key text primary key,
     state jsonb not null,
     done boolean not null,
     deadline timestamptz,
     -- When this region last moved or swept it, some seconds less at most: paces the sweeper, differs between regions, decides nothing.
     moved_at timestamptz not null default now()
   ) with (fillfactor = 70)`,
  `create index process_state_open on ${processTable} (moved_at) where not done`,
  // Nobody looks for a state by what is in it, and what ANALYZE makes of JSON was half of all its time.
  `alter table ${processTable} alter column state set statistics 0`,
];

/** Processes kept in memory between batches. */
const rememberedMax = 20_000;

/**
 * A process that moves again so soon keeps its `moved_at`: an update that changes no indexed column stays within its page and writes no
 * index (PostgreSQL's heap-only tuples), and an order moves several times within this time. Far below what the sweeper waits for.
 */
const movedAtGrainMs = 3_000;

interface Moved<State> {
  readonly state: State;
  /** UTC, ISO 8601. */
  readonly movedAt: string;
}

/** One that was read from the table: when it moved is not asked. */
type Known<State> = Moved<State> | { readonly state: State; readonly movedAt?: undefined };

/**
 * A process manager as a projection: its states stand in the transaction that moves its checkpoint. What a batch makes newly
 * required is emitted before that transaction commits, so a crash in between emits it again and never loses it. What is folded
 * in silence (see `EmitMode`) is the sweeper's to state.
 */
export function processProjection<Event, State, Command>(host: ProcessHost<Event, State, Command>): Projection<Event> {
  const { definition } = host;
  const remembered = new LeastRecentlyUsed<Known<State>>(rememberedMax);

  const read = async (keys: readonly string[], tx: Tx): Promise<Map<string, Known<State>>> => {
    const states = new Map<string, Known<State>>();
    const missing: string[] = [];
    for (const key of keys) {
      const known = remembered.get(key);
      if (known === undefined) missing.push(key);
      else states.set(key, known);
    }
    const rows = await selectMany(
      tx,
      processTable,
      columns,
      ['key'],
      missing.map((key) => ({ key })),
    );
    for (const row of rows) states.set(row['key'] as string, { state: row['state'] as State });
    for (const key of missing) if (!states.has(key)) states.set(key, { state: definition.initial(key) });
    return states;
  };

  return {
    name: definition.name,
    version: host.version,
    tables: [{ table: processTable, columns: { key: 'text', state: 'jsonb', done: 'boolean', deadline: 'timestamptz' } }],
    apply: async (batch, tx) => {
      const byKey = groupByKey(definition, batch);
      const before = await read([...byKey.keys()], tx);
      const after = new Map<string, Moved<State>>();
      const commands: RequiredCommand<Command>[] = [];
      const [now, mode] = [host.now(), host.mode()];
      for (const [key, events] of byKey) {
        const known = before.get(key)!;
        const state = events.reduce<State>((folded, { event, shard }) => definition.evolve(folded, event, { shard }), known.state);
        after.set(key, { state, movedAt: movedAtOf(known.movedAt, now) });
        if (mode === 'nothing') continue;
        const due = mode === 'everything' ? definition.required(state, now) : newlyRequired(definition, known.state, state, now);
        commands.push(...due.filter(({ shard }) => host.owns(shard)));
      }
      await together([
        ...(commands.length > 0 ? [host.emit(commands)] : []),
        upsertMany(tx, processTable, written, ['key'], rowsOf(definition, after)),
      ]);
      for (const [key, moved] of after) {
        remembered.set(key, moved);
        host.onState?.(key, moved.state);
      }
    },
    forget: () => remembered.clear(),
  };
}

function groupByKey<Event, State, Command>(
  definition: ProcessDefinition<Event, State, Command>,
  batch: readonly SettledEvent<Event>[],
): Map<string, SettledEvent<Event>[]> {
  const byKey = new Map<string, SettledEvent<Event>[]>();
  for (const settled of batch)
    for (const key of definition.keysOf(settled.event)) {
      const events = byKey.get(key);
      if (events === undefined) byKey.set(key, [settled]);
      else events.push(settled);
    }
  return byKey;
}

function movedAtOf(before: string | undefined, now: string): string {
  const ageMs = before === undefined ? Infinity : Date.parse(now) - Date.parse(before);
  return ageMs >= 0 && ageMs < movedAtGrainMs ? before! : now; // a clock may have been set back
}

function rowsOf<Event, State, Command>(
  definition: ProcessDefinition<Event, State, Command>,
  moved: ReadonlyMap<string, Moved<State>>,
): Record<string, unknown>[] {
  return [...moved].map(([key, { state, movedAt }]) => ({
    key,
    state,
    done: definition.done(state),
    deadline: definition.deadlineOf(state) ?? null,
    moved_at: movedAt,
  }));
}
