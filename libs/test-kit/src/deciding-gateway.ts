import type { ShardId } from '#contracts';
import type { Decider } from '#kernel';
import type { Answer, CommandGateway, SendCommand } from '#shard-log';

/**
 * A gateway without a log: decides each command at once with the service's own decider, in memory, and answers as if its shard
 * were settled in both regions. `next` replaces the answer to the next command, for what only a log can do.
 */
export class DecidingGateway<
  Command extends { readonly type: string },
  Event,
  State,
  Refusal extends { readonly code: string },
> implements CommandGateway {
  readonly sent: Omit<SendCommand, 'deadlineMs'>[] = [];
  readonly events: Event[] = [];
  next: Answer | undefined;
  nextQueued: Awaited<ReturnType<CommandGateway['queue']>> = 'queued';
  readonly #decider: Decider<Command, Event, State, Refusal>;
  readonly #states = new Map<string, State>();
  readonly #seqs = new Map<ShardId, number>();

  constructor(decider: Decider<Command, Event, State, Refusal>) {
    this.#decider = decider;
  }

  decide(sent: SendCommand): Promise<Answer> {
    this.sent.push(sent);
    const answer = this.next ?? this.#decide(sent.shard, sent.command as unknown as Command);
    this.next = undefined;
    return Promise.resolve(answer);
  }

  queue(sent: Omit<SendCommand, 'deadlineMs'>): Promise<Awaited<ReturnType<CommandGateway['queue']>>> {
    this.sent.push(sent);
    return Promise.resolve(this.nextQueued);
  }

  ownerOf(): string | undefined {
    return undefined;
  }

  settled(): Promise<boolean> {
    return Promise.resolve(true);
  }

  /** Something else than a caller's command happens: stock is reserved, an order confirmed. */
  happen(...events: readonly Event[]): void {
    for (const event of events) {
      this.events.push(event);
      for (const id of this.#decider.streamsChangedBy(event)) this.#states.set(id, this.#decider.evolve(id, this.#stateOf(id), event));
    }
  }

  #stateOf(id: string): State {
    return this.#states.get(id) ?? this.#decider.initialState(id);
  }

  #decide(shard: ShardId, command: Command): Answer {
    const decision = this.#decider.decide(command, (id) => this.#stateOf(id));
    const settled = { kind: 'settled', durability: 'global' } as const;
    const seq = this.#seqs.get(shard) ?? 0;
    if (decision.outcome === 'refused') return { ...settled, seq, result: { outcome: 'refused', refusal: { ...decision.refusal } } };
    if (decision.events.length === 0) return { ...settled, seq, result: { outcome: 'accepted', changed: false } };
    this.happen(...decision.events);
    this.#seqs.set(shard, seq + 1);
    return { ...settled, seq: seq + 1, result: { outcome: 'accepted', changed: true } };
  }
}
