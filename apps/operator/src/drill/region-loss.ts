import { setTimeout as delay } from 'node:timers/promises';
import { regionsOf, type Region, type Topology } from '#contracts';
import { readFinal, type TablesOptions } from '../final-reads/read-final.ts';
import { readHistory, readStranded } from '../region/agents.ts';
import { ApiClient } from '../replay/api-client.ts';
import { projectorChecksums } from '../status/projector-checksums.ts';
import { mintFor } from '../token/mint.ts';
import { tokenSource } from '../token/token-source.ts';
import { awaitQuiet } from './checks/await-quiet.ts';
import { checkDrill, drillHistory, isPresentEverywhere } from './checks/drill-evidence.ts';
import { awaitHome, type HomeComing } from './fault/await-home.ts';
import { faultTimes, type Fault } from './fault/faults.ts';
import { dnsLookup } from './load/dns-lookup.ts';
import { drillClients, loadSchedule, type DrillGoods, type LoadOptions } from './load/load-schedule.ts';
import { runOpenLoad, type PlaceOrder } from './load/open-load.ts';
import { plainClient } from './load/plain-client.ts';
import { sdkClients } from './load/sdk-client.ts';
import { drillGoods, stockTheDrill, unitsToReceive } from './load/stock-the-drill.ts';
import { watchFetch } from './load/watched-fetch.ts';
import { readLogEnds, readLogMarks } from './measures/read-log-marks.ts';
import { strandedSince } from './measures/stranded-since.ts';
import { writePauses } from './measures/write-pauses.ts';
import { drillReport, type DrillReport } from './report/drill-report.ts';
import type { DrillClient, DueOrder, RecordedOrder } from './recording.ts';

export interface RegionLossOptions {
  readonly topology: Topology;
  readonly region: Region;
  readonly fault: Fault;
  readonly ordersPerSecond: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly seed: number;
  readonly signal: AbortSignal;
  /** One line for a person, to standard error. */
  readonly say: (line: string) => void;
}

/** Of each kind. A client's recovery is counted from the fault to its first success, so each must have an order due about every second, whatever the load. */
const clientsPerHomeMax = 10;
const clientsPerHomeAt = (ordersPerSecond: number, homes: number): number =>
  Math.min(clientsPerHomeMax, Math.max(1, Math.round(ordersPerSecond / (2 * homes))));
const tokenSeconds = 3 * 3600;
const giveUpAfterMs = 60_000;
const attemptTimeoutMs = 3_000;
const pauseMs = 100;
const pauseMaxMs = 1_000;
const underWayMax = 3_000;
const homeWithinMs = 240_000;
const homePollMs = 500;
const historyEntries = 1_000;
/** Between stock's arrival and the first order: both regions' catalogues and the clients' connections. */
const settleMs = 2_000;

/**
 * Loads both regions, strikes one, mends it, waits until everything is home, and checks what stands. Whatever happens to the load,
 * the remedy is carried out. @throws Error when the drill itself cannot be done: that is no finding
 */
export async function drillRegionLoss(options: RegionLossOptions): Promise<DrillReport> {
  const { topology, region, fault, ordersPerSecond, seconds, warmUpSeconds, seed, signal, say } = options;
  const name = `drill-${Date.now().toString(36)}`;
  const goods = drillGoods(name);
  const clientsPerHome = clientsPerHomeAt(ordersPerSecond, topology.homes.length);
  const load: LoadOptions = { name, topology, ordersPerSecond, seconds, warmUpSeconds, clientsPerHome, goods, seed };
  const orders = loadSchedule(load);
  const received = unitsToReceive(orders, goods, topology.homes);
  const token = tokenSource(topology, { subject: 'drill', roles: ['operator'] });
  await stock(options, token, goods, received);
  const [logs, strandedBefore] = await Promise.all([readLogEnds(topology), readStranded(topology)]);
  say(`${orders.length} orders by ${drillClients(load).length} clients`);

  const run = await underLoad(options, load, orders);
  say(`the load is over: waiting until everything is home (at most ${homeWithinMs / 1000} s)`);
  const homeComing = await run.homeComing;
  const { recorded } = run;
  const tables: TablesOptions = {
    topology,
    living: regionsOf(topology),
    customers: [...new Set(recorded.map(({ client }) => client.customer))],
    skus: [...goods.plenty, goods.scarce],
    checksums: projectorChecksums,
  };
  const quiet = await awaitQuiet({ ...tables, recorded, received, signal, onWait: say });
  say(`nothing moves any more after ${quiet.seconds.toFixed(1)} s: reading ${recorded.length} orders in ${tables.living.length} regions`);
  const final = await readFinal({ ...tables, orderIds: recorded.map(({ orderId }) => orderId), token });
  const [history, stranded] = await Promise.all([readHistory(topology, historyEntries), readStranded(topology)]);
  const pauses = writePauses(await readLogMarks(topology, logs));
  const faultAt = new Date(run.startedAtMs + run.faultMs).toISOString();
  return drillReport({
    plan: {
      name,
      fault: fault.name,
      region,
      ordersPerSecond,
      seconds,
      warmUpSeconds,
      clientsPerHome,
      startedAt: new Date(run.startedAtMs).toISOString(),
    },
    recorded,
    faultMs: run.faultMs,
    remedyMs: run.remedyMs,
    history: history.entries.filter(({ at }) => at >= faultAt),
    writePauses: pauses,
    stranded: strandedSince(strandedBefore.commits, stranded.commits),
    homeComing: { home: homeComing.home, missing: homeComing.missing, sinceRemedyMs: homeComing.afterMs },
    settledAfterSeconds: quiet.seconds,
    checks: checkDrill({ history: drillHistory({ recorded, received, partitions: topology.partitions }), final }),
    isPresentEverywhere: (orderId) => isPresentEverywhere(final, { orderId }),
    labels: { fault: fault.label, remedy: fault.remedyLabel },
    notes: [...history.silent, ...stranded.silent].map((silent) => `${silent.region} does not tell its part: ${silent.error}`),
  });
}

async function stock(
  { topology, signal, say }: RegionLossOptions,
  token: () => Promise<string>,
  ...[goods, received]: [DrillGoods, ReturnType<typeof unitsToReceive>]
): Promise<void> {
  const onRetry = (path: string, reason: string): void => say(`${path} is asked again: ${reason}`);
  const client = new ApiClient({ token, connectionsMax: 4, giveUpAfterMs, firstPauseMs: 200, signal, onRetry });
  try {
    await stockTheDrill(goods, received, { client, topology });
  } finally {
    client.close();
  }
  await delay(settleMs, undefined, { signal });
}

interface LoadRun {
  readonly recorded: readonly RecordedOrder[];
  readonly startedAtMs: number;
  readonly faultMs: number;
  readonly remedyMs: number;
  /** Runs on beside the end of the load. Its time counts from the remedy. */
  readonly homeComing: Promise<HomeComing>;
}

async function underLoad(options: RegionLossOptions, load: LoadOptions, orders: readonly DueOrder[]): Promise<LoadRun> {
  const { topology, signal } = options;
  const clients = drillClients(load);
  const tokens = await tokensOf(topology, clients);
  const startedMs = performance.now();
  const startedAtMs = Date.now();
  const nowMs = (): number => performance.now() - startedMs;
  const loaded = new AbortController();
  const placing = placeOrders(options, clients, (order) => tokens.get(order.client.index)!, nowMs);
  const running = runOpenLoad({ orders, place: placing.place, nowMs, underWayMax, signal: AbortSignal.any([signal, loaded.signal]) });
  try {
    const times = await strikeAndMend(options, nowMs);
    // Bounded, and never rejects: it runs beside the rest of the load.
    const homeComing = awaitHome({ topology, withinMs: homeWithinMs, pollMs: homePollMs, signal, onWait: () => undefined });
    return { recorded: await running, startedAtMs, ...times, homeComing };
  } finally {
    loaded.abort();
    await running;
    placing.close();
  }
}

/** The remedy is carried out whatever fails: the region is not left as the fault has made it. */
async function strikeAndMend(
  { fault, signal, say, ...times }: RegionLossOptions,
  nowMs: () => number,
): Promise<Pick<LoadRun, 'faultMs' | 'remedyMs'>> {
  const { strikeMs, remedyMs } = faultTimes(times, fault.lastsMs);
  await until(strikeMs, nowMs, signal);
  const faultMs = nowMs();
  say(`${inSeconds(faultMs)}: ${fault.label}`);
  try {
    await fault.strike();
    await until(remedyMs, nowMs, signal);
  } finally {
    say(`${inSeconds(nowMs())}: ${fault.remedyLabel}`);
    await fault.remedy();
  }
  return { faultMs, remedyMs: nowMs() };
}

const inSeconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

async function until(dueMs: number, nowMs: () => number, signal: AbortSignal): Promise<void> {
  await delay(Math.max(0, dueMs - nowMs()), undefined, { signal });
}

async function tokensOf(topology: Topology, clients: readonly DrillClient[]): Promise<ReadonlyMap<number, string>> {
  const minted = clients.map(async ({ index, customer }): Promise<[number, string]> => [
    index,
    await mintFor(topology, { subject: customer, roles: [], validForSeconds: tokenSeconds }),
  ]);
  return new Map(await Promise.all(minted));
}

function placeOrders(
  { topology }: RegionLossOptions,
  clients: readonly DrillClient[],
  tokenOf: (order: Pick<DueOrder, 'client'>) => string,
  nowMs: () => number,
): { readonly place: PlaceOrder; readonly close: () => void } {
  const { dns } = topology;
  if (dns === undefined) throw new Error('the topology names no DNS servers: plain clients have nobody to ask');
  const lookup = dnsLookup(dns.name, Object.values(dns.servers));
  const watched = watchFetch(nowMs);
  const sdk = sdkClients({ topology, clients: clients.filter(({ kind }) => kind === 'sdk'), tokenOf, watched, nowMs, giveUpAfterMs });
  const port = Number(new URL(topology.regions[topology.homes[0]!]!.services.storefront[0]!).port);
  const plain = plainClient({
    resolve: (order) => lookup.resolve(order.client.index),
    chance: () => Math.random(),
    hostname: dns.name,
    port,
    tokenOf,
    nowMs,
    attemptTimeoutMs,
    pauseMs,
    pauseMaxMs,
    giveUpAfterMs,
  });
  return {
    place: (order, tell) => (order.client.kind === 'sdk' ? sdk.place(order, tell) : plain(order, tell)),
    close: () => {
      watched.restore();
      sdk.close();
      lookup.close();
    },
  };
}
