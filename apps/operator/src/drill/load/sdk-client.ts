import { setTimeout as delay } from 'node:timers/promises';
import { regionsOf, type Topology } from '#contracts';
import { assertNever } from '#kernel';
import { createStorefront, type Storefront, type WriteResult } from '#storefront-sdk';
import type { DrillClient, DueOrder, OrderOutcome } from '../recording.ts';
import type { PlaceOrder } from './open-load.ts';
import type { WatchedFetch } from './watched-fetch.ts';

export interface SdkClientOptions {
  readonly topology: Topology;
  readonly clients: readonly DrillClient[];
  readonly tokenOf: (order: Pick<DueOrder, 'client'>) => string;
  readonly watched: WatchedFetch;
  readonly nowMs: () => number;
  /** What a user does after a call of the SDK that ended without a clear answer: asks for the same again. */
  readonly giveUpAfterMs: number;
}

/** Between two calls that ended without an answer: each of them has tried for its whole deadline before. */
const pauseMs = 200;

export interface SdkClients {
  readonly place: PlaceOrder;
  readonly close: () => void;
}

/** One storefront client per customer, as in as many browsers; with the SDK's own settings. */
export function sdkClients(options: SdkClientOptions): SdkClients {
  const { topology, clients, tokenOf, watched, nowMs, giveUpAfterMs } = options;
  const endpoints = regionsOf(topology).flatMap((region) =>
    topology.regions[region]!.services.storefront.slice(0, 1).map((url) => ({ region, url })),
  );
  const shops = new Map<number, Storefront>(
    clients.map((client) => [
      client.index,
      createStorefront({ endpoints, homes: topology.homes, customer: client.customer, token: () => tokenOf({ client }) }),
    ]),
  );
  const place: PlaceOrder = async (order, tell) => {
    const shop = shops.get(order.client.index)!;
    const giveUpAtMs = nowMs() + giveUpAfterMs;
    const unwatch = watched.watch(order.key, tell);
    try {
      for (let calls = 1; ; calls++) {
        const result = await shop.placeOrder({ lines: order.lines.map((line) => ({ ...line })) }, { key: order.key });
        const outcome = outcomeOf(result);
        if (outcome.kind !== 'unknown' || nowMs() > giveUpAtMs) return { outcome, calls };
        await delay(pauseMs);
      }
    } finally {
      unwatch();
    }
  };
  return { place, close: () => shops.forEach((shop) => shop.close()) };
}

function outcomeOf(result: WriteResult<{ readonly durability: 'global' | 'regional' | 'none' }>): OrderOutcome {
  switch (result.kind) {
    case 'done':
      return { kind: 'acknowledged', durability: result.value.durability };
    case 'refused':
      return { kind: 'refused', status: result.problem.status, code: result.problem.code };
    // The SDK says that nobody took it. An earlier call with this key may have: only a clear answer of the API counts.
    case 'unavailable':
    case 'unknown':
      return { kind: 'unknown', because: `${result.kind} (${result.because}): ${result.reason}` };
    default:
      return assertNever(result);
  }
}
