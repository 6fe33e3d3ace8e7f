import { replySchema, commandsTopic, shardOf, type CommandId, type Reply, type Service, type ShardId, type Topology } from '#contracts';
import { DoubtfulAppendError, type Appender, type LogCluster, type LogReader, type StoredRecord } from '../cluster.port.ts';
import type { Answer, CommandGateway, SendCommand } from '../command-gateway.port.ts';
import type { SettledDurability } from '../settled-feed.port.ts';
import { Condition } from './condition.ts';
import { SerialAppender } from './serial-appender.ts';

/** What the gateway asks of this process's view of the shards. */
export interface SettledView {
  /** Has the command decided by the shard's writer, if that is in this process and decides it at once; undefined otherwise. */
  decideHere(command: SendCommand): Promise<Reply> | undefined;
  ownerOf(shard: ShardId): string | undefined;
  /** What has become of `seq` as it was decided in `term`: undefined while it is open, stranded when a later term began beneath it. */
  fateOf(shard: ShardId, term: number, seq: number): SettledDurability | 'stranded' | undefined;
  /** Calls back after every change of what is settled. Returns how to stop it. */
  onSettled(listener: () => void): () => void;
}

/**
 * Has commands decided by the writers of one service in this region and waits for their answers. They go through the commands topic to the
 * instance that has the shard, which answers through `replies`. One that may overtake is handed over to a writer in this process.
 *
 * An answer is given only when what was decided on is settled. A deadline that passes is neither success nor failure: `unknown`.
 * Bounded: more than `waitingMax` callers, and more than as many commands on their way to Kafka, are turned away before anything is queued.
 */
export class KafkaCommandGateway implements CommandGateway {
  readonly #here: string;
  readonly #service: Service;
  readonly #appenders: SerialAppender;
  readonly #view: SettledView;
  readonly #waiting = new Map<CommandId, Set<(reply: Reply) => void>>();
  readonly #settledChanged = new Condition();
  #waitingCount = 0;
  #stops: (() => Promise<void> | void)[] = [];
  static readonly waitingMax = 10_000;

  private constructor(here: string, service: Service, appender: Appender, view: SettledView) {
    this.#here = here;
    this.#service = service;
    this.#appenders = new SerialAppender(appender, KafkaCommandGateway.waitingMax);
    this.#view = view;
  }

  static async open(options: {
    readonly here: string;
    readonly service: Service;
    readonly topology: Topology;
    readonly cluster: LogCluster;
    readonly view: SettledView;
    onStopped(error: Error): void;
  }): Promise<KafkaCommandGateway> {
    const appender = await options.cluster.appender(`${options.service}-gateway`);
    const gateway = new KafkaCommandGateway(options.here, options.service, appender, options.view);
    const replies: LogReader = await options.cluster.read({
      name: `${options.service}-replies`,
      from: [{ topic: 'replies', partition: 0, offset: 'end' }],
      onBatch: (records) => gateway.#onReplies(records),
      onStopped: options.onStopped,
    });
    const stopListening = options.view.onSettled(() => gateway.#settledChanged.changed());
    gateway.#stops = [() => appender.close(), () => replies.close(), stopListening];
    return gateway;
  }

  async close(): Promise<void> {
    for (const stop of this.#stops.reverse()) await stop();
    this.#stops = [];
  }

  ownerOf(shard: ShardId): string | undefined {
    return this.#view.ownerOf(shard);
  }

  async decide(command: SendCommand): Promise<Answer> {
    const owner = this.#view.ownerOf(command.shard);
    if (owner !== this.#here) return { kind: 'not-owner', owner };
    if (this.#waitingCount >= KafkaCommandGateway.waitingMax)
      return { kind: 'unavailable', reason: 'too many commands wait for an answer' };
    const deadline = performance.now() + command.deadlineMs;
    this.#waitingCount += 1;
    const reply = this.#replyTo(command.commandId, command.deadlineMs);
    try {
      const here = command.mayOvertake === true ? this.#view.decideHere(command) : undefined;
      if (here === undefined) {
        const queued = await this.#append(command, true);
        if (typeof queued === 'object') return { kind: 'unavailable', reason: queued.unavailable };
      }
      const answer = await (here === undefined ? reply.promise : Promise.race([here, reply.deadline]));
      if (answer === undefined) return { kind: 'unknown' };
      return await this.#answerTo(answer, deadline);
    } finally {
      this.#waitingCount -= 1;
      reply.cancel();
    }
  }

  async #answerTo(reply: Reply, deadline: number): Promise<Answer> {
    const { result, seq, shard } = reply;
    if (result.outcome === 'not-owner') return { kind: 'not-owner', owner: result.owner ?? this.#view.ownerOf(shard) };
    if (result.outcome === 'unknown') return { kind: 'unknown', owner: result.owner };
    if (result.outcome === 'unavailable') return { kind: 'unavailable', reason: result.reason };
    const fate = await this.#fateOf(reply, deadline - performance.now());
    // Stranded: nobody may be told of it as done. The same key, asked again there, is decided by the new owner.
    if (fate === 'stranded') return { kind: 'unknown', owner: this.#otherOwnerOf(shard) };
    if (fate === undefined) return { kind: 'unknown' };
    return { kind: 'settled', durability: fate, seq, result };
  }

  #otherOwnerOf(shard: ShardId): string | undefined {
    const owner = this.#view.ownerOf(shard);
    return owner === this.#here ? undefined : owner;
  }

  queue(command: Omit<SendCommand, 'deadlineMs'>): Promise<'queued' | 'unknown' | { unavailable: string }> {
    return this.#append(command, false);
  }

  async #fateOf({ shard, term, seq }: Reply, withinMs: number): Promise<ReturnType<SettledView['fateOf']>> {
    await this.#settledChanged.until(() => this.#view.fateOf(shard, term, seq) !== undefined, withinMs);
    return this.#view.fateOf(shard, term, seq);
  }

  async #append(command: Omit<SendCommand, 'deadlineMs'>, reply: boolean): Promise<'queued' | 'unknown' | { unavailable: string }> {
    const { shard, commandId, correlation, traceparent } = command;
    const value = JSON.stringify({ commandId, shard, correlation, traceparent, reply, command: command.command });
    try {
      await this.#appenders.append(commandsTopic(this.#service), shardOf(shard).partition, { key: command.key, headers: {}, value });
      return 'queued';
    } catch (error) {
      if (error instanceof DoubtfulAppendError && !error.nothingSent) return 'unknown';
      return { unavailable: error instanceof Error ? error.message : String(error) };
    }
  }

  /** `promise`: what `replies` say, or undefined when time is over, as `deadline`. */
  #replyTo(id: CommandId, withinMs: number): { promise: Promise<Reply | undefined>; deadline: Promise<undefined>; cancel: () => void } {
    const reply = Promise.withResolvers<Reply | undefined>();
    const deadline = Promise.withResolvers<undefined>();
    const waiting = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, waiting.add(reply.resolve));
    const end = (): void => {
      reply.resolve(undefined);
      deadline.resolve(undefined);
    };
    const timer = setTimeout(end, withinMs);
    const cancel = (): void => {
      clearTimeout(timer);
      waiting.delete(reply.resolve);
      if (waiting.size === 0 && this.#waiting.get(id) === waiting) this.#waiting.delete(id);
      end();
    };
    return { promise: reply.promise, deadline: deadline.promise, cancel };
  }

  async #onReplies(records: readonly StoredRecord[]): Promise<void> {
    for (const record of records) {
      const id = record.key as CommandId | null;
      const waiting = id === null ? undefined : this.#waiting.get(id);
      if (waiting === undefined) continue; // somebody else's, or nobody waits any more
      const reply = replySchema.parse(JSON.parse(record.value ?? 'null'));
      for (const resolve of waiting) resolve(reply);
    }
  }
}
