import { availabilityAnswerSchema, orderAnswerSchema, regionsOf, type OrderId, type Region, type Sku, type Topology } from '#contracts';
import type { z } from 'zod';
import { compareRegions } from '../../status/compare-regions.ts';
import { projectorChecksums } from '../../status/projector-checksums.ts';
import { readLedger } from '../../replay/compare/provider-ledger.ts';
import { readRegion } from '../../replay/compare/region-state.ts';
import type { RecordedOrder } from '../recording.ts';
import type { Evidence, OrderSeen, RegionEvidence } from './evidence.ts';

export interface ReadEvidenceOptions {
  readonly topology: Topology;
  readonly recorded: readonly RecordedOrder[];
  readonly received: ReadonlyMap<Sku, number>;
  /** Of an operator, who may read any order. */
  readonly token: () => Promise<string>;
}

const readsAtOnceMax = 12;
const readTimeoutMs = 10_000;
const readsMax = 4;
const pauseMs = 500;

/** Everything that the checkers look at: every order by its id in every region, stock, tables, the provider's books, checksums. */
export async function readEvidence(options: ReadEvidenceOptions): Promise<Evidence> {
  const { topology, recorded, received } = options;
  const regions: RegionEvidence[] = [];
  for (const region of regionsOf(topology)) regions.push(await regionEvidence(region, options));
  return { recorded, regions, received, ledger: await readLedger(topology.paymentProvider.url), projections: await projections(topology) };
}

async function regionEvidence(region: Region, { topology, recorded, received, token }: ReadEvidenceOptions): Promise<RegionEvidence> {
  const { services, postgres } = topology.regions[region]!;
  const api = services.storefront[0]!;
  const bearer = await token();
  const orders = new Map<OrderId, OrderSeen>();
  await inParallel(recorded, async ({ orderId }) => {
    orders.set(orderId, await orderSeen(`${api}/v1/orders/${orderId}`, bearer));
  });
  const stock = new Map<Sku, Pick<z.output<typeof availabilityAnswerSchema>, 'pools' | 'total'>>();
  await inParallel([...received.keys()], async (sku) => {
    const read = await get(`${api}/v1/products/${encodeURIComponent(sku)}/availability`, bearer);
    if (read.kind === 'answered' && read.status === 200) stock.set(sku, availabilityAnswerSchema.parse(JSON.parse(read.text)));
  });
  const customers = [...new Set(recorded.map(({ client }) => client.customer))];
  return { region, orders, stock, tables: await readRegion(postgres, { customers, skus: [...received.keys()] }) };
}

/** Compared as both regions' projectors have them now. @throws Error while one does not answer */
export async function projections(topology: Topology): Promise<Evidence['projections']> {
  return compareRegions(await projectorChecksums(), Object.keys(topology.regions)).map(({ projection, verdict }) => ({
    projection,
    verdict,
  }));
}

async function orderSeen(url: string, token: string): Promise<OrderSeen> {
  const read = await get(url, token);
  if (read.kind === 'silent') return { kind: 'unreadable', because: read.because };
  if (read.status === 404) return { kind: 'absent' };
  if (read.status !== 200) return { kind: 'unreadable', because: `answered ${read.status}: ${read.text.slice(0, 200)}` };
  const { consistencyToken: _, ...order } = orderAnswerSchema.parse(JSON.parse(read.text));
  return { kind: 'present', order };
}

type Read =
  { readonly kind: 'answered'; readonly status: number; readonly text: string } | { readonly kind: 'silent'; readonly because: string };

/** A read that is not answered, or with 5xx, is repeated: only what the region says of the order is evidence. */
async function get(url: string, token: string): Promise<Read> {
  let read: Read = { kind: 'silent', because: 'not asked' };
  for (let attempt = 1; attempt <= readsMax; attempt++) {
    read = await getOnce(url, token);
    if (read.kind === 'answered' && read.status < 500) return read;
    await new Promise((resolve) => setTimeout(resolve, pauseMs * attempt));
  }
  return read;
}

async function getOnce(url: string, token: string): Promise<Read> {
  try {
    const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
    const response = await fetch(url, { headers, redirect: 'error', signal: AbortSignal.timeout(readTimeoutMs) });
    return { kind: 'answered', status: response.status, text: await response.text() };
  } catch (error) {
    return { kind: 'silent', because: error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error) };
  }
}

async function inParallel<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  await Promise.all(
    Array.from({ length: readsAtOnceMax }, async () => {
      for (const item of left) await run(item);
    }),
  );
}
