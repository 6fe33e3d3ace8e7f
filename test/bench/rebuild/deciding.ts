import { assert, type Decider } from '#kernel';
import type { EventCatalogue, ShardId } from '#contracts';

/** Decides commands of one service as its writer does, with the states in memory, and encodes the events of each. */
export class Deciding<Command extends { readonly type: string }, Event extends { readonly type: string }, State> {
  readonly #decider: Decider<Command, Event, State, { readonly code: string }>;
  readonly #catalogue: Pick<EventCatalogue<Event>, 'encode'>;
  readonly #states = new Map<string, State>();

  constructor(decider: Decider<Command, Event, State, { readonly code: string }>, catalogue: Pick<EventCatalogue<Event>, 'encode'>) {
    this.#decider = decider;
    this.#catalogue = catalogue;
  }

  /** The body and streams of the commit. @throws when the command is refused, or decides nothing: this shop makes no such mistakes */
  decide(
    command: Command,
    shard: ShardId,
    keeps = true,
  ): { readonly body: string; readonly streams: readonly string[]; readonly events: number } {
    const decision = this.#decider.decide(command, (id) => this.#stateOf(shard, id));
    assert(decision.outcome === 'accepted' && decision.events.length > 0, `${command.type} is decided: ${JSON.stringify(decision)}`);
    const streams = new Set<string>();
    for (const event of decision.events)
      for (const id of this.#decider.streamsChangedBy(event)) {
        streams.add(id);
        if (keeps) this.#states.set(`${shard} ${id}`, this.#decider.evolve(id, this.#stateOf(shard, id), event));
      }
    return { body: this.#catalogue.encode(decision.events), streams: [...streams], events: decision.events.length };
  }

  forget(shard: ShardId, id: string): void {
    this.#states.delete(`${shard} ${id}`);
  }

  #stateOf(shard: ShardId, id: string): State {
    return this.#states.get(`${shard} ${id}`) ?? this.#decider.initialState(id);
  }
}
