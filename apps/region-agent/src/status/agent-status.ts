import type { Lineage, Region } from '#contracts';
import type { MirrorStatus } from '../receipts/mirror-probe.ts';

/** What `GET /internal/status` answers. */
export interface AgentStatus {
  readonly region: Region;
  readonly lineage: { readonly term: number; readonly status: Lineage['status']; readonly revision: number } | undefined;
  /** Revision of the lineage that stands in the region's own topic. */
  readonly copiedRevision: number | undefined;
  /** Per shard that this region receipts, up to where; null where nothing may be said yet. */
  readonly shards: Readonly<Record<string, { readonly term: number; readonly generation: number; readonly seq: number } | undefined>>;
  readonly stoppedShards: Readonly<Record<string, string>>;
  readonly mirrors: readonly MirrorStatus[];
  readonly receiptsWritten: number;
  readonly unreadableRecords: number;
  /** By part: `lineage`, `mirrors`, `receipts`, `checkpoint`. Empty when all is well. */
  readonly problems: Readonly<Record<string, string>>;
}
