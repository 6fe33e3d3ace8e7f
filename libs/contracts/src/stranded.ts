import { z } from 'zod';
import { parseShardId, type ShardId } from './shards.ts';
import { commandIdSchema } from './values.ts';

/** A commit that was written, never settled, and lies past the next segment's base: nobody was told of it. What became of it. */
export const strandedCommitSchema = z.object({
  shard: z
    .string()
    .refine((text) => parseShardId(text) !== undefined, 'not a shard id')
    .transform((text) => text as ShardId),
  term: z.int().positive(),
  seq: z.int().positive(),
  /** The command that made it. It is offered again under this id. */
  commandId: commandIdSchema,
  streams: z.array(z.string()),
  /** Types of its events; empty when its body cannot be read. */
  events: z.array(z.string()),
  /** `outside`: from a client, an operator or the payment provider. `derived`: a process manager derives it again where it is needed. */
  origin: z.enum(['outside', 'derived']),
  offered: z.enum(['not-yet', 'offered', 'not-needed']),
  because: z.string(),
});
export type StrandedCommit = Readonly<z.infer<typeof strandedCommitSchema>>;

/** `GET /stranded` of an agent: by shard, term and seq. */
export const strandedAnswerSchema = z.object({ commits: z.array(strandedCommitSchema) });
export type StrandedAnswer = Readonly<z.infer<typeof strandedAnswerSchema>>;
