import { z } from 'zod';

/**
 * Between regions, through the link, never through the edge: a region's agent offers a stranded command again to the region that owns
 * its shard now. The body is the command's envelope as it stood in `X.commands`; the caller's token has the role `region-agent`.
 *
 * 202 when the command is decided and what it was decided on is settled: then it need never be offered again. 421 with
 * `Evenkeel-Owner` when another region owns the shard; 503 and 504 are asked again. A repeat changes nothing.
 */
export const internalCommandsPath = '/internal/commands';

export const internalCommandAnswerSchema = z.object({
  /** `done-before`: a repeat that found its work done. */
  outcome: z.enum(['accepted', 'done-before', 'refused']),
  /** The refusal's code. */
  refusal: z.string().optional(),
});
export type InternalCommandAnswer = Readonly<z.infer<typeof internalCommandAnswerSchema>>;
