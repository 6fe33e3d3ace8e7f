import type { Decider, Decision } from './decider.ts';

/**
 * Given / when / then for a decider, free of any test framework: the test compares what `when` and `then` return.
 *
 *     const spec = deciderSpec(orderDecider);
 *     expect(spec.given(placed).when(cancel)).toEqual(accept([cancelled]));
 */
export interface DeciderSpec<Command, Event, Refusal> {
  given(...events: readonly Event[]): {
    when(command: Command): Decision<Event, Refusal>;
    /** Decides the command, folds its events, and decides it again: what a repeated command yields. */
    whenTwice(command: Command): { first: Decision<Event, Refusal>; second: Decision<Event, Refusal> };
  };
}

export function deciderSpec<Command, Event, State, Refusal>(
  decider: Decider<Command, Event, State, Refusal>,
): DeciderSpec<Command, Event, Refusal> {
  const fold = (events: readonly Event[]) => {
    const states = new Map<string, State>();
    const stateOf = (id: string): State => states.get(id) ?? decider.initialState(id);
    for (const event of events) for (const id of decider.streamsChangedBy(event)) states.set(id, decider.evolve(id, stateOf(id), event));
    return stateOf;
  };
  return {
    given: (...events) => ({
      when: (command) => decider.decide(command, fold(events)),
      whenTwice: (command) => {
        const first = decider.decide(command, fold(events));
        const then = first.outcome === 'accepted' ? [...events, ...first.events] : events;
        return { first, second: decider.decide(command, fold(then)) };
      },
    }),
  };
}
