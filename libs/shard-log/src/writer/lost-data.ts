import type { Fence, Receipt } from '../core/records.ts';

/** Whether a receipt speaks of what stands no more in the log of the writer with this fence, which holds the shard up to `heldSeq`. */
export function isOfLostData(receipt: Receipt, fence: Fence, heldSeq: number): boolean {
  if (receipt.term !== fence.term) return false;
  const beneath = receipt.generation < fence.generation && receipt.seq > fence.base;
  const beside = receipt.generation === fence.generation && receipt.writer !== fence.writer && receipt.writer !== null;
  const above = receipt.generation === fence.generation && receipt.seq > heldSeq;
  return beneath || beside || above;
}
