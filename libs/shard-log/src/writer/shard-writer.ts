import { randomUUID } from 'node:crypto';
import type { Reply, Segment } from '#contracts';
import { assert } from '#kernel';
import { DoubtfulAppendError, RefusedAppendError } from '../cluster.port.ts';
import { isAhead } from '../core/reading-events.ts';
import type { Commit, Fence, Receipt } from '../core/records.ts';
import { bouncedReply, whyBounced } from './bounced.ts';
import { CommandQueue, type WaitingCommand } from './command-queue.ts';
import { Condition } from './condition.ts';
import { decideBatch, type DecidedBatch, type QueuedCommand } from './decide-batch.ts';
import { OwnFlight, recordsOf } from './own-flight.ts';
import { isOfLostData } from './lost-data.ts';
import { isSameStanding, standingOf, type ShardStanding } from './shard-standing.ts';
import { defaultWriterLimits, type ShardWriterLimits, type ShardWriterPorts } from './shard-writer.ports.ts';
import { StreamLoader } from './stream-loader.ts';
import { WatchedAppend } from './watched-append.ts';

/**
 * The writer of one shard in one instance.
 *
 * It opens the shard with a fence, which it must read back as accepted; then it decides what is queued, appends the decisions as one
 * batch, and answers when it has read every one of them back as accepted. One append is in flight at a time. After any doubt (a
 * timeout, a lost connection, somebody else's record where its own should stand) it decides nothing more under that fence: it opens
 * the shard anew, reads what became of the batch, and decides the same commands again, which those that made it recognise.
 * It never believes a send, a clock or its own assignment: a writer that is no longer the writer appends records that are void.
 *
 * When the lineage names this region owner it opens the shard at once. While nobody owns it (closed, and no successor yet) commands
 * wait, bounded in number and time; then they are decided, or told who the owner is. What a close made void is decided again or bounced.
 */
export class ShardWriter<Command, Event, State, Refusal extends { code: string }> {
  readonly #ports: ShardWriterPorts<Command, Event, State, Refusal>;
  readonly #limits: ShardWriterLimits;
  readonly #changed = new Condition();
  readonly #queue = new CommandQueue<Command>();
  readonly #loader: StreamLoader;
  #assigned = false;
  #running: Promise<void> | undefined;
  /** Own fence: null before it is accepted and after any doubt. */
  #fence: Fence | null = null;
  /** Writer ids of own fences that were accepted: what was in doubt may be read back under a later one. */
  readonly #writerIds = new Set<string>();
  #pendingFence: { readonly writer: string; verdict: 'accepted' | 'void' | undefined } | null = null;
  #flight: OwnFlight<Event> | null = null;
  #highestSeqAppended = 0;
  /** Another writer has opened the shard since this one began to. */
  #overtaken = false;
  #dataLoss: string | undefined;
  #overflowing = false;

  constructor(ports: ShardWriterPorts<Command, Event, State, Refusal>, limits: ShardWriterLimits = defaultWriterLimits) {
    this.#ports = ports;
    this.#limits = limits;
    this.#loader = new StreamLoader(ports, limits.retryDelayMs);
  }

  get isOpen(): boolean {
    return this.#fence !== null;
  }

  /** Whether the consumer group has given the shard's partition to this instance. */
  get isAssigned(): boolean {
    return this.#assigned;
  }

  /** Whether a command that comes now is decided at once. */
  get takesMore(): boolean {
    return this.isOpen && !this.#isFull();
  }

  get queued(): number {
    return this.#queue.length;
  }

  /** The consumer group gave this instance the shard's partition. */
  assign(): void {
    this.#assigned = true;
    this.#running ??= this.#run();
    this.#changed.changed();
  }

  /**
   * The partition went to another instance: what is queued is dropped here. The next owner meets it, for its offsets were not passed; who
   * handed it over here is told, once it is known what was begun.
   */
  async unassign(): Promise<void> {
    this.#assigned = false;
    this.#fence = null;
    this.#changed.changed();
    await this.#running;
    this.#running = undefined;
    for (const command of this.#queue.take()) this.#tellMoved(command);
  }

  #tellMoved(command: QueuedCommand<Command> & { readonly attempted: boolean }): void {
    const why = { outcome: 'unavailable', reason: 'the shard went to another instance' } as const;
    command.told?.(bouncedReply(this.#ports.shard, command, why));
  }

  /**
   * Takes a command, when there is room: that is the back-pressure, and it is bounded, for other shards come through the same door.
   * What cannot be taken is answered as unavailable. A command of a shard that is no longer this instance's is dropped: its offset
   * is not passed, the next owner meets it; who handed it over here is told.
   *
   * Limit: the offset of what is turned away is passed, also when nobody waits for it (a client was told 202, or a process manager sent
   * it). Keeping it would hold up the offset of the partition, and so all that its other shards have done, and without bound while
   * a shard stands still. It leaves a trace instead (`cameToNothing`); what a process still needs its sweeper sends again.
   */
  async enqueue(command: QueuedCommand<Command>, bytes: number): Promise<void> {
    // Only a shard that is being written empties its queue: for another one, room would be waited for in vain.
    if (this.#isFull() && !this.#overflowing && this.#standing().is === 'here')
      await this.#changed.until(() => !this.#assigned || !this.#isFull(), this.#limits.roomTimeoutMs);
    if (!this.#assigned) return this.#tellMoved({ ...command, attempted: false });
    this.#overflowing = this.#isFull();
    const standing = this.#standing();
    if (standing.is === 'standing-still' || this.#overflowing) {
      const reason = standing.is === 'standing-still' ? standing.because : 'too many commands wait for this shard';
      this.#bounce([{ ...command, attempted: false }], { outcome: 'unavailable', reason });
      return;
    }
    this.#queue.push(command, bytes);
    this.#changed.changed();
  }

  #isFull(): boolean {
    return this.#queue.length >= this.#limits.queuedMax;
  }

  /** From the reader, for every fence of this shard. */
  onFence(fence: Fence, verdict: 'accepted' | 'void'): void {
    if (this.#pendingFence?.writer === fence.writer) this.#pendingFence.verdict = verdict;
    else if (verdict === 'accepted' && (this.#fence ?? this.#pendingFence) !== null) {
      this.#ports.report('warn', 'another writer opened the shard', { generation: fence.generation });
      this.#overtaken = true;
      this.#fence = null;
    }
    this.#changed.changed();
  }

  /** From the reader, for every accepted commit of this shard. Returns its events when it is our own, so that nobody decodes them. */
  onAccepted(commit: Commit, decode: () => readonly Event[] | undefined): void {
    const own = this.#ownInFlight(commit);
    if (this.#writerIds.has(commit.writer)) this.#ports.wrote(commit.seq, own ?? decode() ?? []);
    this.#ports.cache.apply(commit.seq, commit.streams, own === undefined ? decode : () => own);
    this.#changed.changed();
  }

  /** From the reader: the lineage, the shard's health or its parked records changed. */
  onChange(): void {
    this.#changed.changed();
  }

  /** A receipt says what the other region has read of this log. What it read and we do not hold, our log has lost. */
  onReceipt(receipt: Receipt): void {
    // What was read from this log stands in it, whoever wrote it there.
    const heldSeq = Math.max(this.#highestSeqAppended, this.#ports.reading.cursor.seq);
    if (this.#fence !== null && isOfLostData(receipt, this.#fence, heldSeq)) this.#lost(receipt);
  }

  #lost(receipt: Receipt): void {
    this.#dataLoss ??= `a receipt stands above this log: generation ${receipt.generation}, seq ${receipt.seq}`;
    this.#ports.report('error', 'the shard stands still: data was lost', { reason: this.#dataLoss });
    this.#fence = null;
    this.#changed.changed();
  }

  #ownInFlight(commit: Commit): readonly Event[] | undefined {
    const flight = this.#flight;
    if (flight === null || this.#fence === null || commit.writer !== this.#fence.writer) return undefined;
    const events = flight.readBack(commit);
    if (events === undefined) {
      this.#ports.report('error', 'a record that this writer did not append stands in its place', { seq: commit.seq, cause: commit.cause });
      this.#fence = null;
    }
    return events;
  }

  async #run(): Promise<void> {
    let delayMs = 0;
    while (this.#assigned) {
      const before = this.#standing();
      if (delayMs > 0) await this.#changed.until(() => !this.#assigned || !isSameStanding(before, this.#standing()), delayMs);
      if (!this.#assigned) break;
      this.#overtaken = false;
      try {
        const standing = this.#standing();
        if (standing.is !== 'here') {
          await this.#standBy(standing);
          delayMs = 0;
          continue;
        }
        if (await this.#open(standing.segment)) await this.#write();
        delayMs = this.#overtaken ? this.#limits.overtakenDelayMs : this.#limits.retryDelayMs;
      } catch (error) {
        this.#ports.report('warn', 'the shard is opened anew', { error: String(error) });
        delayMs = Math.min(5_000, Math.max(this.#limits.retryDelayMs, delayMs * 2));
      } finally {
        this.#fence = null;
        this.#flight = null;
      }
    }
  }

  /** Until the standing changes. Who owns it elsewhere is told at once; where nobody does, commands wait for a while. */
  async #standBy(standing: Exclude<ShardStanding, { is: 'here' }>): Promise<void> {
    const { withoutOwnerMs } = this.#limits;
    const now = performance.now();
    const waits = standing.is === 'nobody';
    this.#bounce(waits ? this.#queue.takeOlderThan(now - withoutOwnerMs) : this.#queue.take(), whyBounced(standing));
    const oldestMs = this.#queue.oldestMs;
    const leftMs = oldestMs === undefined ? withoutOwnerMs : oldestMs + withoutOwnerMs - now + 1;
    await this.#changed.until(
      () => !this.#assigned || !isSameStanding(standing, this.#standing()) || (!waits && this.#queue.length > 0),
      leftMs,
    );
  }

  /**
   * True when this writer's fence is accepted.
   *
   * Before it writes, it compares what the other region says to have read with what stands here. A receipt is written only after its
   * commits stood in this log; so one that was known before the end was asked for, and is still ahead of the cursor when all up to
   * that end is read, speaks of what this log has lost. One that came later says nothing yet.
   *
   * A shard that was given to this region just now, and that nobody has opened, has nothing to compare, so its end is not looked for: who has lost
   * a race for it reads its own fence back as void, and looks then.
   */
  async #open(segment: Segment): Promise<boolean> {
    const { reading } = this.#ports;
    const said = reading.receiptAhead;
    const isNew = reading.cursor.generation === 0 && said === undefined && this.#ports.isFollowed();
    if (!isNew) await this.#ports.caughtUp();
    if (said !== undefined && reading.cursor.term === said.term && isAhead(said, reading.cursor)) {
      this.#lost(said);
      return false;
    }
    const standing = this.#standing();
    if (standing.is !== 'here' || standing.segment.term !== segment.term) return false; // read meanwhile: it is another's, or nobody's
    const { cursor } = reading;
    assert(cursor.seq >= segment.base, 'the history is read to the base');
    const { shard } = this.#ports;
    return this.#openWith({
      kind: 'fence',
      shard,
      term: segment.term,
      generation: cursor.generation + 1,
      writer: randomUUID(),
      base: cursor.seq,
    });
  }

  async #openWith(fence: Fence): Promise<boolean> {
    const pending: { readonly writer: string; verdict: 'accepted' | 'void' | undefined } = { writer: fence.writer, verdict: undefined };
    this.#pendingFence = pending;
    try {
      await this.#ports.append([fence]);
      await this.#changed.until(() => pending.verdict !== undefined || !this.#mayWriteIn(fence.term), this.#limits.readBackTimeoutMs);
    } finally {
      this.#pendingFence = null;
    }
    if (pending.verdict !== 'accepted' || !this.#mayWriteIn(fence.term)) return false;
    this.#fence = fence;
    this.#writerIds.add(fence.writer);
    this.#highestSeqAppended = fence.base;
    this.#ports.report('info', 'the shard is open', { term: fence.term, generation: fence.generation, base: fence.base });
    return true;
  }

  /** Decides and appends until the shard is lost or doubted. */
  async #write(): Promise<void> {
    let commandsMax = this.#limits.commandsPerBatchMax;
    while (this.#mayWrite()) {
      if (!(await this.#changed.until(() => this.#queue.length > 0 || !this.#mayWrite(), 60_000)) || !this.#mayWrite()) continue;
      const batch = this.#queue.batch(commandsMax, this.#limits.bytesPerBatchMax);
      const streams = new Set(batch.flatMap(({ command }) => this.#ports.decider.streamsOf(command)));
      if (!(await this.#loader.bring(streams, this.#changed, () => this.#mayWrite()))) continue;
      if (!this.#mayWrite()) return;
      const fence = this.#fence;
      assert(fence !== null, 'a shard is open while its writer decides');
      assert(this.#ports.reading.cursor.generation === fence.generation, 'nobody else has opened the shard');
      const decided = decideBatch(
        this.#ports.decider,
        this.#ports.cache,
        { shard: this.#ports.shard, term: fence.term, seq: this.#ports.reading.cursor.seq },
        batch,
      );
      try {
        if (!(await this.#append(fence, decided, batch))) return;
      } catch (error) {
        if (!(error instanceof RefusedAppendError)) throw error;
        if (batch.length === 1) this.#refuse(batch[0]!, error);
        else commandsMax = 1; // find the one that Kafka refuses
        continue;
      }
      this.#queue.take(batch.length);
      this.#conclude(batch, decided.replies);
      commandsMax = this.#limits.commandsPerBatchMax;
    }
  }

  /** True when every commit was read back as accepted; false after doubt, whatever has become of them. */
  async #append(fence: Fence, decided: DecidedBatch<Event>, batch: readonly WaitingCommand<Command>[]): Promise<boolean> {
    const last = decided.commits.at(-1);
    if (last === undefined) return true;
    const watched = new WatchedAppend(this.#ports.shard, decided.commits);
    const records = recordsOf(
      fence,
      decided,
      (events) => this.#ports.encode(events),
      (index) => watched.traceparentOf(index),
    );
    const flight = (this.#flight = new OwnFlight(decided));
    this.#highestSeqAppended = last.seq;
    try {
      await this.#ports.append(records);
      watched.acknowledged();
      for (const command of batch) command.attempted = true;
    } catch (error) {
      watched.failed(error instanceof DoubtfulAppendError ? 'doubtful' : 'refused');
      if (!(error instanceof DoubtfulAppendError)) throw error;
      if (!error.nothingSent) for (const command of batch) command.attempted = true;
      this.#ports.report('warn', 'an append is in doubt', { error: error.message, commits: records.length });
      return false;
    }
    await this.#changed.until(() => flight.isComplete || !this.#mayWrite(), this.#limits.readBackTimeoutMs);
    this.#flight = null;
    if (flight.isComplete) watched.readBack();
    else watched.failed('not-read-back');
    return flight.isComplete;
  }

  #refuse(queued: WaitingCommand<Command>, error: Error): void {
    this.#ports.report('error', 'Kafka refuses the decision of a command', { commandId: queued.envelope.commandId, error: error.message });
    this.#queue.take(1);
    this.#bounce([queued], { outcome: 'refused', refusal: { code: 'record-refused', detail: error.message } });
  }

  /** Answers commands without deciding them: here nothing more is done about them, and their offsets may be passed. */
  #bounce(bounced: readonly (QueuedCommand<Command> & { readonly attempted: boolean })[], why: Reply['result']): void {
    if (bounced.length === 0) return;
    this.#conclude(
      bounced,
      bounced.map((command) => bouncedReply(this.#ports.shard, command, why)),
    );
  }

  /** Tells what has become of commands: those who wait for it, or, where nobody waits and nothing came of it, the people. */
  #conclude(concluded: readonly QueuedCommand<Command>[], replies: readonly Reply[]): void {
    const publishes = ({ envelope, told }: QueuedCommand<Command>): boolean => envelope.reply && told === undefined;
    this.#ports.answer(replies.filter((_, index) => publishes(concluded[index]!)));
    concluded.forEach(({ envelope, done, told }, index) => {
      const { result } = replies[index]!;
      told?.(replies[index]!);
      if (!envelope.reply && result.outcome !== 'accepted') this.#ports.cameToNothing(envelope, result);
      done();
    });
    this.#changed.changed();
  }

  #mayWrite(): boolean {
    return this.#fence !== null && this.#mayWriteIn(this.#fence.term);
  }

  #mayWriteIn(term: number): boolean {
    const standing = this.#standing();
    return this.#assigned && standing.is === 'here' && standing.segment.term === term;
  }

  /** Who may write; nobody until a person has looked, when data was lost. */
  #standing(): ShardStanding {
    if (this.#dataLoss !== undefined) return { is: 'standing-still', because: this.#dataLoss };
    return standingOf(this.#ports.reading, this.#ports.here);
  }
}
