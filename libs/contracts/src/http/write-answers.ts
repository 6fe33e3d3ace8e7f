import { z } from 'zod';
import { regionSchema } from '../values.ts';

/**
 * What an answer proves. `global`: settled with the other region's receipt. `regional`: settled while the other region is out.
 * `none`: a command is queued, nothing more.
 */
export const durabilitySchema = z.enum(['global', 'regional', 'none']);
export type Durability = z.infer<typeof durabilitySchema>;

/** In the body of every answer to a write; the token also in the header `Evenkeel-Consistency-Token`. */
export const writeAnswerFields = {
  durability: durabilitySchema,
  /** Home of the customer, of the pool, or of the catalogue. */
  homeRegion: regionSchema,
  /** Show it with a read, in either region, to see this write. */
  consistencyToken: z.string(),
};
export const writeAnswerSchema = z.object(writeAnswerFields);
export type WriteAnswer = Readonly<z.infer<typeof writeAnswerSchema>>;

/** The weakest of several. */
export const weakestDurability = (durabilities: readonly Durability[]): Durability =>
  durabilities.includes('none') ? 'none' : durabilities.includes('regional') ? 'regional' : 'global';
