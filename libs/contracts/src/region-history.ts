import { z } from 'zod';
import { regionSchema } from './values.ts';

/** One thing that happened to a region, for people: what `evenkeel region history` prints, and what a webhook is told. */
export const historyEntrySchema = z.object({
  /** By the clock of the agent that saw it. Never used for order or safety. */
  at: z.iso.datetime(),
  region: regionSchema,
  /** Which of the region's agents. */
  instance: z.int().min(1),
  /** The lineage's term as that agent knew it; 0 before it knew any. */
  term: z.int().nonnegative(),
  /** kebab-case: `claimed`, `swapped`, `stranded-offered`. */
  event: z.string().min(1).max(80),
  /** One sentence: why. */
  because: z.string().max(2_000),
  details: z.record(z.string(), z.unknown()),
  /** How long the step took, where it is a step. */
  tookMs: z.number().nonnegative().optional(),
});
export type HistoryEntry = Readonly<z.infer<typeof historyEntrySchema>>;

export const historyEntriesMax = 1_000;
export const historyQuerySchema = z.object({ limit: z.coerce.number().int().min(1).max(historyEntriesMax).default(100) });
/** `GET /history?limit=N` of an agent: the newest N of the region, oldest first. */
export const historyAnswerSchema = z.object({ entries: z.array(historyEntrySchema) });
export type HistoryAnswer = Readonly<z.infer<typeof historyAnswerSchema>>;
