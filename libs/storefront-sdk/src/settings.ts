import { z } from 'zod';

const ms = (least: number, most: number, usual: number) => z.number().min(least).max(most).default(usual);

/** Every number of the client, with its reason. All may be given to `createStorefront`. */
export const settingsSchema = z.object({
  /** One try, to the last byte. A write takes 0.1 to 0.5 s with two regions; a region that hangs should not cost much more than that. */
  tryTimeoutMs: ms(50, 60_000, 2_500),
  /** The whole call: a takeover takes a few seconds, and a person waits no longer. */
  deadlineMs: ms(50, 600_000, 15_000),
  /** Enough for a deadline full of refused connections at `pauseMaxMs`. */
  triesMax: z.int().min(1).max(1_000).default(40),
  /** Second try elsewhere when the first says nothing for so long. Off unless given: it doubles the load of a system that is slow. */
  hedgeAfterMs: z.number().min(10).max(60_000).optional(),
  /** Between two tries at one address; doubles up to `pauseMaxMs`, and is spread by half. */
  pauseFirstMs: ms(1, 10_000, 100),
  pauseMaxMs: ms(1, 60_000, 1_000),
  /** An address that said nothing rests; doubles up to `restMaxMs`. */
  firstRestMs: ms(1, 60_000, 500),
  restMaxMs: ms(1, 600_000, 10_000),
  /** How old the list of regions may grow while calls are made; after a failed try it is asked for after a tenth of that. 0: never. */
  regionsEveryMs: ms(0, 3_600_000, 30_000),
});
export type Settings = z.infer<typeof settingsSchema>;
