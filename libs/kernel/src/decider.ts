/**
 * The shape of every decision in Evenkeel.
 *
 * A decider is pure and synchronous: time, ids, prices and chance arrive in the command. It names the streams that a command
 * touches, so that its host can load them first; it decides on their states; and each of its events changes one or more streams.
 * Source of the pattern: Jérémie Chassaing, "Functional Event Sourcing Decider".
 */
export interface Decider<Command, Event, State, Refusal> {
  /** Ids of the streams that must be loaded before `decide`: at least one, the first is the key of the commit. */
  streamsOf(command: Command): readonly string[];
  /** Streams that an event changes: always among `streamsOf` of the command that caused it. */
  streamsChangedBy(event: Event): readonly string[];
  /** State of a stream that has no event yet. */
  initialState(streamId: string): State;
  /** The events of one commit (possibly none), or a refusal. Never throws for a command that passed its schema. */
  decide(command: Command, stateOf: (streamId: string) => State): Decision<Event, Refusal>;
  /** Total: never throws, ignores what does not concern the stream. */
  evolve(streamId: string, state: State, event: Event): State;
}

export type Decision<Event, Refusal> =
  { readonly outcome: 'accepted'; readonly events: readonly Event[] } | { readonly outcome: 'refused'; readonly refusal: Refusal };

/** The command holds. With no events: what it asks for is already so, which is a decision too. */
export const accept = <Event>(events: readonly Event[]): Decision<Event, never> => ({ outcome: 'accepted', events });

/** The command does not hold, for a reason that its sender is told. */
export const reject = <Refusal>(refusal: Refusal): Decision<never, Refusal> => ({ outcome: 'refused', refusal });
