import type { FinalPool, Reading, ShownByApi, ShownOrder } from '#checkers';
import { availabilityAnswerSchema, orderAnswerSchema, type OrderId, type Region, type Sku, type Topology } from '#contracts';

const readsAtOnceMax = 12;
const readTimeoutMs = 10_000;
const readsMax = 4;
const pauseMs = 500;

export interface ApiScope {
  readonly orderIds: readonly OrderId[];
  readonly skus: readonly Sku[];
  /** Of an operator, who may read any order. */
  readonly bearer: string;
}

/** What a region's public API shows of these orders and skus. Never throws for what a server did: what is not told is unreadable. */
export async function readApi(topology: Topology, region: Region, { orderIds, skus, bearer }: ApiScope): Promise<ShownByApi> {
  const api = topology.regions[region]!.services.storefront[0]!;
  const orders = new Map<OrderId, Reading<ShownOrder | 'absent'>>();
  await inParallel(orderIds, async (orderId) => {
    orders.set(orderId, await orderShown(`${api}/v1/orders/${orderId}`, bearer));
  });
  const pools = new Map<Sku, Reading<readonly FinalPool[]>>();
  await inParallel(skus, async (sku) => {
    pools.set(sku, await poolsShown(`${api}/v1/products/${encodeURIComponent(sku)}/availability`, sku, bearer));
  });
  return { orders, pools };
}

async function orderShown(url: string, bearer: string): Promise<Reading<ShownOrder | 'absent'>> {
  const read = await get(url, bearer);
  if (read.kind === 'unreadable') return read;
  if (read.value.status === 404) return { kind: 'read', value: 'absent' };
  const answer = orderAnswerSchema.safeParse(jsonOf(read.value));
  if (!answer.success) return unclear(read.value);
  const { consistencyToken: _, ...order } = answer.data;
  const { lines, status } = order;
  // Fields in order of name, so that only what they say counts.
  const text = JSON.stringify(Object.entries(order).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { kind: 'read', value: { lines, status, text } };
}

async function poolsShown(url: string, sku: Sku, bearer: string): Promise<Reading<readonly FinalPool[]>> {
  const read = await get(url, bearer);
  if (read.kind === 'unreadable') return read;
  const answer = availabilityAnswerSchema.safeParse(jsonOf(read.value));
  if (!answer.success) return unclear(read.value);
  return { kind: 'read', value: answer.data.pools.map(({ region: home, ...units }) => ({ sku, home, ...units })) };
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

const unclear = ({ status, text }: Answer): { readonly kind: 'unreadable'; readonly because: string } => ({
  kind: 'unreadable',
  because: `answered ${status}: ${text.slice(0, 200)}`,
});

/** Of an answer that is 200 and JSON; anything else is no order and no stock. */
function jsonOf({ status, text }: Answer): unknown {
  if (status !== 200) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // cut off: unclear, and said so
  }
}

/**
 * Nothing was read: a server closes with 408 a connection that has brought it no request for a while, and a client may have sent one by then
 * (RFC 9110, 15.5.9).
 */
const isNoAnswer = (status: number): boolean => status >= 500 || status === 408 || status === 429;

/** A read that is not answered is repeated: only what the region says counts. */
async function get(url: string, bearer: string): Promise<Reading<Answer>> {
  let read: Reading<Answer> = { kind: 'unreadable', because: 'not asked' };
  for (let attempt = 1; attempt <= readsMax; attempt++) {
    read = await getOnce(url, bearer);
    if (read.kind === 'read' && !isNoAnswer(read.value.status)) return read;
    await new Promise((resolve) => setTimeout(resolve, pauseMs * attempt));
  }
  return read;
}

async function getOnce(url: string, bearer: string): Promise<Reading<Answer>> {
  try {
    const headers = { authorization: `Bearer ${bearer}`, accept: 'application/json' };
    const response = await fetch(url, { headers, redirect: 'error', signal: AbortSignal.timeout(readTimeoutMs) });
    return { kind: 'read', value: { status: response.status, text: await response.text() } };
  } catch (error) {
    return { kind: 'unreadable', because: error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error) };
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
