import type { Pool } from 'pg';
import { inTransaction, prepared } from '#projections';
import type { Leadership, SweepTurn } from './leadership.ts';
import { processTable, type ProcessHost } from './process-projection.ts';
import type { RequiredCommand } from './process.ts';

export interface SweepPace {
  /** From the end of one sweep to the start of the next. */
  readonly intervalMs: number;
  /** The same while a new leadership catches up, and until it has stated all that was due. */
  readonly resumeIntervalMs: number;
  /** A process that has not moved for so long is swept; after a sweep it rests as long again. */
  readonly restMs: number;
  readonly processesPerSweepMax: number;
}

export const defaultSweepPace: SweepPace = { intervalMs: 1_000, resumeIntervalMs: 100, restMs: 10_000, processesPerSweepMax: 200 };

export interface Sweeper {
  /** Processes that the last sweep found unfinished and at rest. */
  readonly lastSwept: number;
  /** The next sweep begins now, unless one is under way. */
  hurry(): void;
  stop(): Promise<void>;
}

export interface SweeperOptions {
  readonly pool: Pool;
  /** Only a leader that has caught up sweeps: an old state would require what was done long ago. */
  readonly leadership: Pick<Leadership, 'sweepTurn' | 'roundIsOver' | 'mode'>;
  readonly pace?: Partial<SweepPace>;
  readonly onError: (error: unknown) => void;
}

/** Reads the index of unfinished processes, no more: the finished ones are the many. */
const dueProcesses = prepared(
  `select key, state from ${processTable}
   where not done and (
     moved_at <= greatest($1::timestamptz - $2 * interval '1 millisecond', $3::timestamptz) or deadline between moved_at and $1::timestamptz
   )
   order by moved_at limit $4 for update skip locked`,
);
const sweptProcesses = prepared(`update ${processTable} set moved_at = $2 where key = any($1)`);

/**
 * Emits again what unfinished processes still require: commands whose emission or handling was lost, deadlines that have passed,
 * and everything that a takeover left half-done. A new leader sweeps all of them as soon as it has caught up, and a leader whose region
 * is given shards, or loses some, at once. Repeats are harmless:
 * deciders recognise them. A row lock that skips what is locked lets two instances sweep side by side.
 */
export function startSweeper<Event, State, Command>(host: ProcessHost<Event, State, Command>, options: SweeperOptions): Sweeper {
  const pace = { ...defaultSweepPace, ...options.pace };
  const { leadership } = options;
  let stopped = false;
  let lastSwept = 0;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  const sweep = async ({ resumedAt }: SweepTurn): Promise<number> =>
    inTransaction(options.pool, async (tx) => {
      const now = host.now();
      const due = [now, pace.restMs, resumedAt, pace.processesPerSweepMax];
      const { rows } = await tx.query<{ key: string; state: State }>(dueProcesses, due);
      if (rows.length === 0) return 0;
      for (const { key, state } of rows) host.onState?.(key, state);
      const commands: RequiredCommand<Command>[] = rows
        .flatMap(({ state }) => host.definition.required(state, now))
        .filter(({ shard }) => host.owns(shard));
      if (commands.length > 0) await host.emit(commands);
      await tx.query(sweptProcesses, [rows.map(({ key }) => key), now]);
      return rows.length;
    });

  const takeTurn = async (): Promise<void> => {
    const turn = await leadership.sweepTurn();
    if (turn === undefined) return;
    lastSwept = await sweep(turn);
    if (lastSwept < pace.processesPerSweepMax) leadership.roundIsOver(turn);
  };

  const turnAndGoOn = async (): Promise<void> => {
    try {
      await takeTurn();
      next(leadership.mode === 'what-is-new' ? pace.intervalMs : pace.resumeIntervalMs);
    } catch (error) {
      options.onError(error);
      next(pace.intervalMs);
    }
  };
  const next = (delayMs: number): void => {
    if (stopped) return;
    timer = setTimeout(() => {
      timer = undefined;
      running = turnAndGoOn();
    }, delayMs);
  };
  next(pace.resumeIntervalMs);

  return {
    get lastSwept() {
      return lastSwept;
    },
    hurry: () => {
      if (timer === undefined) return; // the sweep under way looks at the leadership again when it is done
      clearTimeout(timer);
      next(0);
    },
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
