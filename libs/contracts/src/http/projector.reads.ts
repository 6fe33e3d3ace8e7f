import { z } from 'zod';

/** `GET /internal/checksums` of a projector. All but lag and role is of one moment. */
export const checksumsAnswerSchema = z.object({
  service: z.enum(['order', 'inventory', 'payment']),
  region: z.string(),
  role: z.enum(['leader', 'standby']),
  /** By name of the projection. Equal in two regions whose progress is equal and that skipped the same parked records. */
  projections: z.record(z.string(), z.object({ rows: z.int(), checksum: z.string() })),
  /** Seq of the newest settled commit stored, by shard. */
  progress: z.record(z.string(), z.int()),
  /** Records in the events topics that the stored checkpoint has not passed; null when the cluster does not answer. */
  lagRecords: z.int().nullable(),
  parked: z.object({ parked: z.int(), withheld: z.int() }),
  /** Shards that stand still, with the reason. */
  stoppedShards: z.record(z.string(), z.string()),
  lastError: z.string().nullable(),
});
export type ChecksumsAnswer = Readonly<z.infer<typeof checksumsAnswerSchema>>;

/** `GET /internal/parked`, and what the `parked` topic's values hold. */
export const parkedRecordSchema = z.object({
  id: z.string(),
  topic: z.string(),
  partition: z.int(),
  offset: z.int(),
  shard: z.string().nullable(),
  seq: z.int().nullable(),
  streams: z.array(z.string()),
  reason: z.string(),
  body: z.string().nullable(),
  status: z.enum(['parked', 'withheld', 'skipped', 'applied']),
  parkedAt: z.string(),
});
export type ParkedRecordRead = Readonly<z.infer<typeof parkedRecordSchema>>;
export const parkedListAnswerSchema = z.object({ records: z.array(parkedRecordSchema) });
export type ParkedListAnswer = Readonly<z.infer<typeof parkedListAnswerSchema>>;

/** `POST /internal/parked/{id}/retry` and `/skip`: what became of it, and how many withheld commits were applied or still wait. */
export const parkedDecisionAnswerSchema = z.object({
  id: z.string(),
  status: z.enum(['parked', 'withheld', 'skipped', 'applied']),
  released: z.int(),
  stillOpen: z.int(),
});
export type ParkedDecisionAnswer = Readonly<z.infer<typeof parkedDecisionAnswerSchema>>;

/** `POST /internal/rebuild` starts one, or goes on with an interrupted one, and `GET` tells of the latest. */
export const rebuildAnswerSchema = z.object({
  projector: z.string(),
  /** What is rebuilt together: they share a checkpoint. */
  projections: z.array(z.string()),
  state: z.enum(['none', 'running', 'done', 'failed']),
  /** Null while none runs. */
  phase: z.enum(['loading', 'indexing', 'comparing', 'swapping']).nullable(),
  /** Of all logs that it reads. */
  recordsRead: z.int(),
  recordsTotal: z.int(),
  /** Over the last ten seconds. */
  recordsPerSecond: z.number(),
  /** At that rate; null when there is none. */
  secondsLeft: z.number().nullable(),
  /** Names of projections that differed; null: not compared. */
  differing: z.array(z.string()).nullable(),
  error: z.string().nullable(),
});
export type RebuildAnswer = Readonly<z.infer<typeof rebuildAnswerSchema>>;

/** `POST /internal/rebuild/undo`. */
export const rebuildUndoneAnswerSchema = z.object({ projector: z.string(), undone: z.literal(true) });
export type RebuildUndoneAnswer = Readonly<z.infer<typeof rebuildUndoneAnswerSchema>>;
