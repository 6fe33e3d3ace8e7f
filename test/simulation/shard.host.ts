import { assert, type Decider, type Decision } from '#kernel';
import type { AnyEvent, Service } from '#contracts';
import { decisionsOf } from './world/deciders.ts';
import type { AnyCommand } from './world/region-processes.ts';

interface Refusal {
  readonly code: string;
}
type Outcome = Decision<AnyEvent, Refusal>;

export interface ShardHost {
  /** Settled at once: the log protocol has its own simulation. */
  readonly commits: readonly (readonly AnyEvent[])[];
  readonly states: ReadonlyMap<string, unknown>;
  decide(command: AnyCommand): Outcome;
}

/** Holds a shard as a writer does: checks the command, loads streams, decides, stores through the codec, evolves. */
export function shardHost(service: Service): ShardHost {
  const { catalogue, parse, ...decisions } = decisionsOf(service);
  const decider = decisions.decider as Decider<unknown, AnyEvent, unknown, Refusal>;
  const commits: AnyEvent[][] = [];
  const states = new Map<string, unknown>();
  return {
    commits,
    states,
    decide: (raw) => {
      const command: unknown = parse(raw);
      const streams = new Set(decider.streamsOf(command));
      const decision = decider.decide(command, (id) => {
        assert(streams.has(id), `${id} is not among the streams of ${JSON.stringify(command)}`);
        return states.get(id) ?? decider.initialState(id);
      });
      if (decision.outcome === 'refused' || decision.events.length === 0) return decision;
      const events = [...catalogue.decode(catalogue.encode(decision.events))];
      for (const event of events)
        for (const id of decider.streamsChangedBy(event)) {
          assert(streams.has(id), `${event.type} changes ${id}, which was not loaded`);
          states.set(id, decider.evolve(id, states.get(id) ?? decider.initialState(id), event));
        }
      commits.push(events);
      return decision;
    },
  };
}
