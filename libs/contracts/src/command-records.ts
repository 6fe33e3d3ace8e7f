import { z } from 'zod';
import { parseShardId, type ShardId } from './shards.ts';
import { commandIdSchema, regionSchema } from './values.ts';

const shardIdSchema = z
  .string()
  .refine((text) => parseShardId(text) !== undefined, 'not a shard id')
  .transform((text) => text as ShardId);

/** What surrounds a command in an `X.commands` topic. Stored as the record's value; the record's key is the commit's stream key. */
export const commandEnvelopeSchema = z.object({
  commandId: commandIdSchema,
  shard: shardIdSchema,
  /** Id of the order or operation that the whole chain serves: commits of it carry the same. */
  correlation: z.string().min(1).max(200),
  /** W3C trace context, or empty. */
  traceparent: z.string().max(100),
  /** Whether somebody waits for the answer in `replies`. */
  reply: z.boolean(),
  command: z.looseObject({ type: z.string() }),
});
export type CommandEnvelope = Readonly<z.infer<typeof commandEnvelopeSchema>>;

/**
 * The writer's answer to a command, in `replies`. `seq` is where it was decided: the commit's own, or the newest commit that the
 * decision rests on. A caller is answered only when `seq` is settled in `term`.
 */
export const replySchema = z.object({
  commandId: commandIdSchema,
  shard: shardIdSchema,
  term: z.int().nonnegative(),
  seq: z.int().nonnegative(),
  result: z.discriminatedUnion('outcome', [
    /** `changed` is false when a repeated command found its work done. */
    z.object({ outcome: z.literal('accepted'), changed: z.boolean() }),
    z.object({ outcome: z.literal('refused'), refusal: z.looseObject({ code: z.string() }) }),
    /** This region does not own the shard: ask the owner. Nothing has happened here. */
    z.object({ outcome: z.literal('not-owner'), owner: regionSchema.optional() }),
    /** Its append came to no clear end before the shard was closed or lost: it may be done. The owner, when named, can tell. */
    z.object({ outcome: z.literal('unknown'), reason: z.string(), owner: regionSchema.optional() }),
    /** Nobody decides this shard now (it stands still, or more waits than fits): nothing has happened. */
    z.object({ outcome: z.literal('unavailable'), reason: z.string() }),
    /** A parked record blocks one of the streams. */
    z.object({ outcome: z.literal('stream-blocked'), streams: z.array(z.string()) }),
  ]),
});
export type Reply = Readonly<z.infer<typeof replySchema>>;
