import { expect } from 'vitest';
import { agentStatusSchema, orderListAnswerSchema, placeOrderAnswerSchema, services, type AgentStatus, type Region } from '#contracts';
import { answered, askApi, askApiUntilAnswered, eventually, eventuallyHolds, type Customer, type Shop, type WholeSystem } from '#test-kit';
import type { Acknowledged } from './steady-orders.workload.ts';

/** A loaded machine is several times slower than a quiet one; nothing that is asserted is about time. */
export const settlesWithinMs = 180_000;

/** What the region's leading agent says, or any of its agents that answers. @throws Error when none does */
export async function agentOf(system: WholeSystem, region: Region): Promise<AgentStatus> {
  const answers = await Promise.allSettled(
    system.topology.regions[region]!.services.agent.map(async (url) =>
      agentStatusSchema.parse(JSON.parse((await askApi(url, { method: 'GET', path: '/status', timeoutMs: 2_000 })).text)),
    ),
  );
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  const agent = found.find(({ leading }) => leading) ?? found[0];
  if (agent === undefined) throw new Error(`no agent of ${region} answers`);
  return agent;
}

const inWords = ({ lineage }: AgentStatus): string => {
  if (lineage === undefined) return 'no lineage';
  return lineage.status.status === 'paired' ? 'paired' : `${lineage.status.status}(${lineage.status.region})`;
};

/** Resolves when the region's agent says so of the lineage: `paired`, `solo(east)`, `rejoining(west)`. */
export const seesStatus = (system: WholeSystem, region: Region, status: string): Promise<AgentStatus> =>
  eventually(
    async () => {
      const agent = await agentOf(system, region);
      if (inWords(agent) !== status) throw new Error(`${region}: ${inWords(agent)}; ${agent.procedure?.because}`);
      return agent;
    },
    { withinMs: settlesWithinMs, everyMs: 100 },
  );

/** The region owns what is at home there, and its agent has nothing left to do. One that owns nothing has nothing to do either. */
export async function ownsItsOwn(system: WholeSystem, region: Region): Promise<void> {
  const rest = `, ${services.length * system.topology.partitions} shards are owned here, as wished`;
  await eventually(
    async () => {
      const { procedure } = await agentOf(system, region);
      if (procedure?.because.includes(rest) !== true) throw new Error(`${region}: ${procedure?.because}`);
      return true;
    },
    { withinMs: settlesWithinMs, everyMs: 200 },
  );
}

/** Paired, and each region owns what is at home there: nothing is left to do. */
export async function everythingIsHome(system: WholeSystem): Promise<void> {
  for (const region of Object.keys(system.topology.regions) as Region[]) {
    await seesStatus(system, region, 'paired');
    await ownsItsOwn(system, region);
  }
  await system.allReady(settlesWithinMs);
}

/** All orders of a customer as one region lists them, page by page. */
async function ordersOf(shop: Shop, region: Region, customer: Customer): Promise<ReadonlyMap<string, string>> {
  const orders = new Map<string, string>();
  for (let cursor: string | null = ''; cursor !== null;) {
    const path: string = `/v1/orders?limit=100${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
    const request = { method: 'GET' as const, path, token: customer.token };
    const page = answered(await askApiUntilAnswered([shop.storefront(region)], request), 200, orderListAnswerSchema);
    for (const { orderId, status } of page.orders) orders.set(orderId, status);
    cursor = page.nextCursor;
  }
  return orders;
}

/** Of so many orders one is asked for again by its key. */
const askedAgainOneOf = 5;

/** Each acknowledged order exists once, is confirmed, and is known in both regions; some keys are asked again; no unit is held for another. */
export async function everyOrderOnceInBoth(shop: Shop, sku: string, acknowledged: readonly Acknowledged[]): Promise<void> {
  const customers = new Set(acknowledged.map(({ customer }) => customer));
  for (const { customer, key, orderId } of acknowledged.filter((_, index) => index % askedAgainOneOf === 0)) {
    const request = shop.placeRequest({ customer, lines: [{ sku, quantity: 1 }], key });
    const again = answered(await askApiUntilAnswered(shop.storefronts(customer.home), request), 200, placeOrderAnswerSchema);
    expect(again.orderId).toBe(orderId);
  }
  for (const region of shop.regions)
    for (const customer of customers)
      await eventuallyHolds(
        async () => {
          const expected = acknowledged.filter((one) => one.customer === customer).map(({ orderId }) => [orderId, 'confirmed'] as const);
          expect(await ordersOf(shop, region, customer)).toEqual(new Map(expected));
        },
        { withinMs: settlesWithinMs, everyMs: 500 },
      );
  for (const region of shop.regions)
    await eventuallyHolds(async () => expect((await shop.availability(sku, region)).total.reserved).toBe(acknowledged.length), {
      withinMs: settlesWithinMs,
      everyMs: 500,
    });
}
