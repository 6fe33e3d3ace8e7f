import type { CommandId, Reply, ShardId } from '#contracts';
import type { SettledDurability } from './settled-feed.port.ts';

export interface SendCommand {
  readonly shard: ShardId;
  /** Key that decides the partition and names the stream: order id, sku. */
  readonly key: string;
  readonly commandId: CommandId;
  readonly correlation: string;
  readonly traceparent: string;
  readonly command: { readonly type: string };
  readonly deadlineMs: number;
  /** It need not come after what was sent before it: nothing is lost when it is decided before an earlier command of its caller. Default: false. */
  readonly mayOvertake?: boolean;
}

export type Answer =
  /** Decided, and what it was decided on is settled: the first moment at which anybody may be told. */
  | { readonly kind: 'settled'; readonly durability: SettledDurability; readonly seq: number; readonly result: Reply['result'] }
  /**
   * It may or may not be done: the deadline passed after the command was queued, or its shard went to `owner` before what was
   * decided here was settled. Asked again with its key, there if an owner is named, it is done once.
   */
  | { readonly kind: 'unknown'; readonly owner?: string | undefined }
  /** The shard is not owned here (`owner` when known). */
  | { readonly kind: 'not-owner'; readonly owner: string | undefined }
  /** The command could not be queued at all: nothing has happened. */
  | { readonly kind: 'unavailable'; readonly reason: string };

/** How controllers have a command decided by the shard's writer, in whichever instance that is. */
export interface CommandGateway {
  /** Waits until the command's decision is settled, or the deadline. @throws what the service's `parseCommand` throws */
  decide(command: SendCommand): Promise<Answer>;
  /** Appends the command and returns once Kafka has acknowledged it: durability `none`. */
  queue(command: Omit<SendCommand, 'deadlineMs'>): Promise<'queued' | 'unknown' | { unavailable: string }>;
  /** The region that owns the shard by the newest lineage known here, or undefined before the first lineage. */
  ownerOf(shard: ShardId): string | undefined;
}
