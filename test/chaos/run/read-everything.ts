import type { FinalReads, History } from '#checkers';
import { regionsOf, type CustomerId } from '#contracts';
import type { WholeSystem } from '#test-kit';
import { readFinal } from '../../../apps/operator/src/final-reads/read-final.ts';
import { projectorChecksums, skusOf } from './recovery.ts';

export interface EverythingOptions {
  readonly system: WholeSystem;
  readonly history: History;
  readonly customers: readonly CustomerId[];
}

/** What stands at the end of a run, in both regions: both must live by then. */
export async function finalReads({ system, history, customers }: EverythingOptions): Promise<FinalReads> {
  const { topology } = system;
  const orderIds = new Set(history.operations.flatMap(({ asked }) => (asked.kind === 'place' ? [asked.orderId] : [])));
  return readFinal({
    topology,
    living: regionsOf(topology),
    customers,
    skus: skusOf(history),
    orderIds: [...orderIds],
    token: () => system.tokenFor({ subject: 'chaos', roles: ['operator'] }),
    checksums: () => projectorChecksums(system),
  });
}
