import { z } from 'zod';
import { lineageStatusSchema } from '../lineage.ts';
import type { Region } from '../ids.ts';
import { regionSchema } from '../values.ts';
import { servingSchema } from './regions.reads.ts';

/** What the agent of a region is doing, or why it rests. */
export const agentProcedureSchema = z.object({
  step: z.enum(['rest', 'claim', 'cut', 'close', 'swap']),
  /** `takeover`, `return`, `handoff`, `evacuation`, …; `none`. */
  procedure: z.string(),
  because: z.string(),
  /** Nothing will change by itself. */
  awaitsPerson: z.boolean(),
  /** ISO 8601, UTC: since when the step and procedure are these. */
  since: z.string(),
  /** Why the last step did not end well, or absent. */
  trouble: z.string().optional(),
});
export type AgentProcedure = Readonly<z.infer<typeof agentProcedureSchema>>;

export const agentPeerSchema = z.object({
  region: regionSchema,
  lease: z.enum(['held', 'gone', 'unknown']),
  leaseForMs: z.number(),
  silentForMs: z.number(),
  oldestUnsettledMs: z.number(),
  caughtUp: z.boolean(),
  strandedOffered: z.boolean(),
});

/** `GET /status` of an agent. What only the leading one knows is empty in the others. */
export const agentStatusSchema = z.object({
  region: regionSchema,
  instance: z.int().min(1),
  /** `leads`: etcd says so. `led`: it led when etcd last answered, and has heard of no other leader since. */
  standing: z.enum(['standby', 'leads', 'led']),
  leading: z.boolean(),
  serving: servingSchema,
  procedure: agentProcedureSchema.optional(),
  peers: z.array(agentPeerSchema),
  wishes: z.object({
    evacuated: z.array(regionSchema),
    promote: z.object({ region: regionSchema, overTerm: z.int() }).optional(),
  }),
  lineage: z.object({ term: z.int(), status: lineageStatusSchema, revision: z.int() }).optional(),
  /** Revision of the lineage that stands in the region's own topic. */
  copiedRevision: z.int().optional(),
  /** Per shard that this region receipts, up to where; null where nothing may be said yet. */
  shards: z.record(z.string(), z.object({ term: z.int(), generation: z.int(), seq: z.int() }).nullable()),
  stoppedShards: z.record(z.string(), z.string()),
  /** Every topic that it follows: its region's own and the mirrors. */
  mirrors: z.array(z.object({ topic: z.string(), exists: z.boolean(), lagRecords: z.number() })),
  receiptsWritten: z.number(),
  unreadableRecords: z.number(),
  /** By part: `lineage`, `mirrors`, `receipts`, `checkpoint`, `etcd`, `kafka`, `lease`, `lead`. Empty when all is well. */
  problems: z.record(z.string(), z.string()),
});
export type AgentStatus = Readonly<z.infer<typeof agentStatusSchema>>;

/** Body of `POST /wishes/evacuate` and `/wishes/return` of an agent, of whichever region; absent: its own region. */
export const regionWishSchema = z.object({ region: regionSchema.optional() });

/** Body of `POST /promote`: the sentence of `promotionConfirmation`, word for word. */
export const promotionSchema = z.object({ confirm: z.string().max(500) });

/** What a person states who promotes a region while etcd has no majority. */
export const promotionConfirmation = (others: readonly Region[]): string =>
  `${others.join(' and ')} is down and what it alone holds may be lost`;
