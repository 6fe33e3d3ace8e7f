import type { Segment, ShardId } from '#contracts';
import type { ShardView } from '#regions';
import type { RegionLogs } from '../logs/region-logs.ts';
import type { ReceiptLedger } from '../receipts/receipt-ledger.ts';

export interface ShardViewParts {
  readonly ledger: Pick<ReceiptLedger, 'lastTermOf' | 'logOf'>;
  readonly logs: Pick<RegionLogs, 'receiptsOf'>;
}

/** What the logs, as read up to now, say of a shard whose last segment is `last`. What was read under an older lineage says nothing of a newer one. */
export function shardViewOf(shard: ShardId, last: Segment, { ledger, logs }: ShardViewParts): ShardView {
  const log = ledger.lastTermOf(shard) === last.term ? ledger.logOf(shard) : undefined;
  return { log, receiptedSeq: logs.receiptsOf(last.mirror).highest(shard, last) };
}
