import type { FinalReads, LedgerAccount, Reading, RegionReads } from '#checkers';
import { orderId, type ChecksumsAnswer, type OrderId, type Region, type Sku, type Topology } from '#contracts';
import { readLedger } from '../replay/compare/provider-ledger.ts';
import { readApi } from './api-reads.ts';
import { readTables, type RegionTables } from './region-tables.ts';
import { readSettledHistory } from './settled-history.ts';

export interface TablesOptions {
  readonly topology: Topology;
  /** Regions that must be readable now: only they are read. */
  readonly living: readonly Region[];
  readonly customers: readonly string[];
  readonly skus: readonly Sku[];
  /** Of every projector of every living region. */
  readonly checksums: () => Promise<readonly ChecksumsAnswer[]>;
}

export interface FinalOptions extends TablesOptions {
  /** Every order that somebody asked to be placed. */
  readonly orderIds: readonly OrderId[];
  /** A bearer token of an operator, who may read any order. */
  readonly token: () => Promise<string>;
}

/**
 * All that stands in a running system: each living region's tables and checksums, its settled history from the first commit, what its public
 * API shows, and the provider's books. Never rejects for what the system does not tell: that is unreadable, for the checkers to say.
 */
export async function readFinal(options: FinalOptions): Promise<FinalReads> {
  const { topology, living, orderIds, skus, token } = options;
  const tables = await readTablesOnly(options);
  const regions: RegionReads[] = [];
  for (const reads of tables.regions) {
    const { region } = reads;
    const settled = await attempt(() => readSettledHistory(topology, region));
    regions.push({ ...reads, settled, shown: await readApi(topology, region, { orderIds, skus, bearer: await token() }) });
  }
  return { ...tables, living, regions };
}

const notRead = { kind: 'unreadable', because: 'it was not asked for' } as const;

/** The same without histories and APIs: cheap enough to be asked again and again while something moves. */
export async function readTablesOnly(options: TablesOptions): Promise<FinalReads> {
  const { topology, living, customers, skus, checksums } = options;
  const sums = await attempt(checksums);
  const regions: RegionReads[] = [];
  for (const region of living) {
    const tables = await attempt(() => readTables(topology.regions[region]!.postgres, { customers, skus }));
    const of = <P extends keyof RegionTables>(part: P): Reading<RegionTables[P]> =>
      tables.kind === 'read' ? { kind: 'read', value: tables.value[part] } : tables;
    regions.push({
      region,
      orders: of('orders'),
      pools: of('pools'),
      reservations: of('reservations'),
      payments: of('payments'),
      settled: notRead,
      checksums:
        sums.kind === 'read'
          ? {
              kind: 'read',
              value: checksumsIn(region, sums.value),
            }
          : sums,
    });
  }
  return { living, regions, ledger: await attempt(() => accountsOf(topology, customers)) };
}

async function attempt<T>(read: () => Promise<T>): Promise<Reading<T>> {
  try {
    return { kind: 'read', value: await read() };
  } catch (error) {
    return { kind: 'unreadable', because: error instanceof Error ? error.message : String(error) };
  }
}

/** By projection. Two projectors of a region read the same tables, so they say the same unless one of them is wrong. */
export function checksumsIn(region: Region, answers: readonly ChecksumsAnswer[]): ReadonlyMap<string, string> {
  const texts = new Map<string, Set<string>>();
  for (const answer of answers.filter((one) => one.region === region))
    for (const [name, { rows, checksum }] of Object.entries(answer.projections)) {
      const key = `${answer.service}.${name}`;
      texts.set(key, (texts.get(key) ?? new Set()).add(`${checksum} over ${rows} rows`));
    }
  return new Map(Array.from(texts, ([name, found]) => [name, [...found].sort().join(' and ')]));
}

async function accountsOf({ paymentProvider }: Topology, customers: readonly string[]): Promise<readonly LedgerAccount[]> {
  const wanted = new Set(customers);
  const accounts = await readLedger(paymentProvider.url);
  return [...accounts.values()]
    .filter(({ customerId }) => wanted.has(customerId))
    .map(({ reference, authorizations, authorizedMinor, voided, charges, capturedMinor, refundedMinor }) => ({
      orderId: orderId(reference),
      authorizations,
      authorizedMinor,
      voided,
      charges,
      capturedMinor,
      refundedMinor,
    }));
}
