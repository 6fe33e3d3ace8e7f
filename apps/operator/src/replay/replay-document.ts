import { assertNever } from '#kernel';
import { homeOf, orderIdOf, type CustomerId, type OrderId, type Topology } from '#contracts';
import { z } from 'zod';
import type { ApiClient } from './api-client.ts';
import { currencyOfFile, type PlannedDocument, type PlannedOrder, type PlannedReturn, type PlannedWriteOff } from './plan.ts';
import type { Timings } from './timings.ts';

const waitSeconds = 30;
const attemptTimeoutMs = (waitSeconds + 15) * 1000;
/** An order that is still pending after so many waits is reported, and not shipped. */
const waitsMax = 10;
const placedSchema = z.object({ status: z.enum(['queued', 'pending', 'confirmed', 'cancelled']) });

/** An order came out as the file does not say. */
export class UnexpectedOutcomeError extends Error {
  override readonly name = 'UnexpectedOutcomeError';
}

export interface DocumentReplayer {
  readonly client: ApiClient;
  readonly topology: Topology;
  readonly timings: Timings;
}

export const orderKeyOf = (documentNo: string): string => documentNo;
export const orderIdOfDocument = (customer: CustomerId, documentNo: string): OrderId => orderIdOf(customer, orderKeyOf(documentNo));

/** Every request has a key that the file determines, so that a second run repeats the first one's and changes nothing. */
export async function replayDocument(document: PlannedDocument, number: number, replayer: DocumentReplayer): Promise<void> {
  const targets = storefrontsFor(document.customerId, number, replayer.topology);
  for (const action of document.actions)
    switch (action.kind) {
      case 'order':
        await placeAndShip(action, targets, replayer);
        break;
      case 'return':
        await returnLines(action, targets, replayer);
        break;
      case 'write-off':
        await writeOff(action, targets, replayer);
        break;
      default:
        assertNever(action);
    }
}

const throughOtherRegionEvery = 10;

/** Storefronts in the order in which to ask: the home's first, but for every tenth document, which the other region has to forward. */
export function storefrontsFor(customer: CustomerId, number: number, topology: Topology): readonly [string, ...string[]] {
  const home = homeOf(topology, customer);
  const regions = Object.keys(topology.regions);
  const others = regions.filter((region) => region !== home);
  const wanted = number % throughOtherRegionEvery === 0 ? [...others, home] : [home, ...others];
  const urls = wanted.flatMap((region) => topology.regions[region]?.services.storefront.slice(0, 1) ?? []);
  return urls as [string, ...string[]];
}

async function placeAndShip(
  order: PlannedOrder,
  targets: readonly [string, ...string[]],
  { client, timings }: DocumentReplayer,
): Promise<void> {
  const { documentNo, customerId, lines, surcharges } = order;
  const place = {
    path: '/v1/orders',
    idempotencyKey: orderKeyOf(documentNo),
    headers: { prefer: `wait=${waitSeconds}`, 'evenkeel-customer': customerId },
    body: { customerId, currency: currencyOfFile, lines, surcharges },
    timeoutMs: attemptTimeoutMs,
  };
  await timings.measure('place', async () => {
    for (let waits = 1; ; waits++) {
      const { status } = placedSchema.parse(JSON.parse((await client.post(targets, place)).body));
      if (status === 'confirmed') return;
      if (status === 'cancelled') throw new UnexpectedOutcomeError(`order of document ${documentNo} was cancelled`);
      if (waits === waitsMax) throw new UnexpectedOutcomeError(`order of document ${documentNo} is still ${status}`);
    }
  });
  await timings.measure('ship', () =>
    client.post(targets, {
      path: `/v1/orders/${orderIdOfDocument(customerId, documentNo)}/shipments`,
      idempotencyKey: `${documentNo}/ship`,
      headers: { 'evenkeel-customer': customerId },
      body: { lines: lines.map(({ quantity }, i) => ({ lineNumber: i + 1, quantity })) },
      timeoutMs: attemptTimeoutMs,
    }),
  );
}

async function returnLines(
  action: PlannedReturn,
  targets: readonly [string, ...string[]],
  { client, timings }: DocumentReplayer,
): Promise<void> {
  const { customerId, documentNo, orderDocumentNo, lines } = action;
  await timings.measure('return', () =>
    client.post(targets, {
      path: `/v1/orders/${orderIdOfDocument(customerId, orderDocumentNo)}/returns`,
      idempotencyKey: `${documentNo}/${orderDocumentNo}`,
      headers: { 'evenkeel-customer': customerId },
      body: { lines },
      timeoutMs: attemptTimeoutMs,
    }),
  );
}

async function writeOff(
  action: PlannedWriteOff,
  targets: readonly [string, ...string[]],
  { client, timings }: DocumentReplayer,
): Promise<void> {
  const { documentNo, number, sku, region, quantity } = action;
  await timings.measure('write off', () =>
    client.post(targets, {
      path: '/v1/stock/adjustments',
      idempotencyKey: `${documentNo}/${number}`,
      body: { sku, region, quantityDelta: -quantity, reason: `write-off ${documentNo}` },
      timeoutMs: attemptTimeoutMs,
    }),
  );
}
