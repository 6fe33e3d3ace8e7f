import type { Pool } from 'pg';
import { processTable, type ProcessHost } from './process-projection.ts';
import type { RequiredCommand } from './process.ts';

export interface SweepPace {
  /** From the end of one sweep to the start of the next. */
  readonly intervalMs: number;
  /** A process that has not moved for so long is swept; after a sweep it rests as long again. */
  readonly restMs: number;
  readonly processesPerSweepMax: number;
}

export const defaultSweepPace: SweepPace = { intervalMs: 1_000, restMs: 10_000, processesPerSweepMax: 200 };

export interface Sweeper {
  /** Processes that the last sweep found unfinished and at rest. */
  readonly lastSwept: number;
  stop(): Promise<void>;
}

/**
 * Emits again what unfinished processes still require: commands whose emission or handling was lost, deadlines that have passed,
 * and everything that a takeover left half-done. Repeats are harmless: deciders recognise them. A row lock that skips what is
 * locked lets two instances sweep side by side.
 */
export function startSweeper<Event, State, Command>(
  host: ProcessHost<Event, State, Command>,
  options: {
    readonly pool: Pool;
    /** Sweeping waits while the process manager has not caught up: an old state would require what was done long ago. */
    readonly maySweep: () => boolean;
    readonly pace?: Partial<SweepPace>;
    readonly onError: (error: unknown) => void;
  },
): Sweeper {
  const pace = { ...defaultSweepPace, ...options.pace };
  let stopped = false;
  let lastSwept = 0;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  const sweep = async (): Promise<void> => {
    const client = await options.pool.connect();
    try {
      await client.query('begin');
      const { rows } = await client.query<{ key: string; state: State }>(
        `select key, state from ${processTable}
         where not done and (moved_at < now() - $1 * interval '1 millisecond' or deadline between moved_at and now())
         order by moved_at limit $2 for update skip locked`,
        [pace.restMs, pace.processesPerSweepMax],
      );
      lastSwept = rows.length;
      for (const { key, state } of rows) host.onState?.(key, state);
      const now = host.now();
      const commands: RequiredCommand<Command>[] = rows
        .flatMap(({ state }) => host.definition.required(state, now))
        .filter(({ shard }) => host.owns(shard));
      if (commands.length > 0) await host.emit(commands);
      await client.query(`update ${processTable} set moved_at = now() where key = any($1)`, [rows.map(({ key }) => key)]);
      await client.query('commit');
    } catch (error) {
      await client.query('rollback').catch(() => undefined); // the connection is gone: nothing stands
      throw error;
    } finally {
      client.release();
    }
  };

  const next = (): void => {
    if (stopped) return;
    timer = setTimeout(() => {
      running = (options.maySweep() ? sweep() : Promise.resolve()).catch(options.onError).finally(next);
    }, pace.intervalMs);
  };
  next();

  return {
    get lastSwept() {
      return lastSwept;
    },
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
