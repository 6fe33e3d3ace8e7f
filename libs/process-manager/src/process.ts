import type { CommandId, ShardId } from '#contracts';

/** A command that a process needs. The same need always has the same id, so that issuing it again changes nothing. */
export interface RequiredCommand<Command> {
  readonly commandId: CommandId;
  /** The shard that decides it: only the region that owns this shard issues it. */
  readonly shard: ShardId;
  /** Key that decides the partition: order id, sku. */
  readonly key: string;
  readonly correlation: string;
  readonly command: Command;
}

/**
 * The pure shape of a process manager: settled events in, commands out. States are plain JSON.
 *
 * Guarantees asked of a definition: `evolve` gives one final state for every interleaving of the shards' events (events of one
 * shard come in order, each once); `required` is determined by its arguments, in a fixed order. What it needs is computed from the
 * state alone, so a takeover resumes half-done work by asking `required` again; repeated commands are recognised by their deciders.
 */
export interface ProcessDefinition<Event, State, Command> {
  readonly name: string;
  /** Keys of the processes that the event concerns; none for an event of other business. */
  keysOf(event: Event): readonly string[];
  initial(key: string): State;
  /** Total: never throws. `shard` is the one whose commit holds the event. */
  evolve(state: State, event: Event, context: { readonly shard: ShardId }): State;
  /** Everything that the state still needs at `now` (UTC, ISO 8601), which the commands carry too. */
  required(state: State, now: string): readonly RequiredCommand<Command>[];
  /** The next instant at which time alone makes `required` longer; undefined when no deadline runs. */
  deadlineOf(state: State): string | undefined;
  /**
   * At rest: nothing is required, now or at any later time, unless another event comes. It may leave memory and the sweeper's list,
   * but never the table: the next event of its key takes it up from where it was.
   */
  done(state: State): boolean;
}

/** What `after` needs that `before` did not: to be issued at once. The rest was issued before and is the sweeper's. */
export function newlyRequired<Event, State, Command>(
  process: ProcessDefinition<Event, State, Command>,
  before: State,
  after: State,
  now: string,
): readonly RequiredCommand<Command>[] {
  const known = new Set(process.required(before, now).map(({ commandId }) => commandId));
  return process.required(after, now).filter(({ commandId }) => !known.has(commandId));
}
