import { Client } from 'pg';
import { assert } from '#kernel';
import { eventsTopic, region, services, topicIn, type ChecksumsAnswer } from '#contracts';
import { connectKafkaCluster } from '#shard-log';
import { startTestBroker, startTestPostgres } from '#test-kit';
import { kafkajsConsume } from '../limits/kafkajs-limits.ts';
import { RegionProjectors } from './region-projectors.ts';
import { writeShopHistory } from './shop-history.ts';

export interface MeasureRebuild {
  readonly events: number;
  readonly runs: number;
  say(line: string): void;
}

export interface RebuildMeasure {
  readonly events: number;
  readonly orders: number;
  /** Of each run, in turn: the raw limit beside the rebuild that follows it. */
  readonly runs: readonly RebuildRun[];
  /** With no tables at all, as after a lost PostgreSQL: from the start of the processes until reads are back. */
  readonly healedSeconds: number;
  readonly interrupted: { readonly killedAt: number; readonly resumed: boolean; readonly checksumsEqual: boolean };
}

export interface RebuildRun {
  readonly rawRecordsPerSecond: number;
  readonly seconds: number;
  readonly eventsPerSecond: number;
  /** Events a second, by raw records a second. */
  readonly ratio: number;
  readonly differing: readonly string[];
  /** Bytes, the most of any projector process. */
  readonly peakMemory: number;
  readonly projectorCpuMs: number;
  /** The slowest of the reads of the live tables that went on meanwhile, and how many there were. */
  readonly liveReads: { readonly count: number; readonly slowestMs: number };
}

const regions = [region('east'), region('west')] as const;
const [here] = regions;
const partitions = 6;

/** Everything on a broker and a PostgreSQL of its own; nothing is left afterwards. */
export async function measureRebuild({ events, runs, say }: MeasureRebuild): Promise<RebuildMeasure> {
  const [broker, postgres] = await Promise.all([startTestBroker(), startTestPostgres()]);
  let projectors: RegionProjectors | undefined;
  try {
    const cluster = connectKafkaCluster({ brokers: broker.brokers, clientId: 'history' });
    const startedMs = performance.now();
    const topology = { homes: regions, catalogue: here, partitions, regions };
    const history = await writeShopHistory({ cluster, here, topology, events, seed: 20261127 });
    await cluster.close();
    say(`${history.events} events of ${history.orders} orders written, ${perSecond(history.events, startedMs)} a second`);
    projectors = await RegionProjectors.prepare({ regions, region: here, partitions, brokers: broker.brokers, postgres: postgres.url });
    const healedSeconds = await heal(projectors);
    say(`tables made from nothing within ${healedSeconds.toFixed(1)} s, ${Math.round(history.events / healedSeconds)} events a second`);
    const measured: RebuildRun[] = [];
    for (let run = 0; run < runs; run++) {
      const topics = regions.flatMap((log) => services.map((service) => topicIn(here, log, eventsTopic(service))));
      const raw = await kafkajsConsume(broker.brokers, topics);
      measured.push(await measureOne(projectors, postgres.url, history.events, raw.recordsPerSecond));
      say(`run ${run + 1}: ${JSON.stringify(measured.at(-1))}`);
    }
    return { ...history, runs: measured, healedSeconds, interrupted: await interrupt(projectors, say) };
  } finally {
    await projectors?.close();
    await postgres.stop();
    await broker.stop();
  }
}

const perSecond = (count: number, sinceMs: number): number => Math.round(count / ((performance.now() - sinceMs) / 1000));

async function heal(projectors: RegionProjectors): Promise<number> {
  const startedMs = performance.now();
  await projectors.start();
  await projectors.ended();
  return (performance.now() - startedMs) / 1000;
}

async function measureOne(
  projectors: RegionProjectors,
  postgres: string,
  events: number,
  rawRecordsPerSecond: number,
): Promise<RebuildRun> {
  const reads = await readingLive(postgres);
  const cpuMs = projectors.cpuMs();
  const startedMs = performance.now();
  let peakMemory = 0;
  await projectors.begin();
  const statuses = await projectors.ended(() => (peakMemory = Math.max(peakMemory, ...projectors.memory())));
  const seconds = (performance.now() - startedMs) / 1000;
  const failed = statuses.find(({ state }) => state !== 'done');
  assert(failed === undefined, `every rebuild is done: ${JSON.stringify(failed)}`);
  const eventsPerSecond = Math.round(events / seconds);
  return {
    rawRecordsPerSecond: Math.round(rawRecordsPerSecond),
    seconds,
    eventsPerSecond,
    ratio: eventsPerSecond / rawRecordsPerSecond,
    differing: statuses.flatMap(({ projector, differing }) => differing ?? [`${projector}: not compared`]),
    peakMemory,
    projectorCpuMs: projectors.cpuMs() - cpuMs,
    liveReads: await reads.stop(),
  };
}

/** Reads an order by its key, one read after the other, for as long as it goes on. */
async function readingLive(postgres: string): Promise<{ stop(): Promise<RebuildRun['liveReads']> }> {
  const client = new Client({ connectionString: postgres, options: '-c search_path=order_service' });
  await client.connect();
  const { rows } = await client.query('select order_id from orders limit 100');
  let [count, slowestMs] = [0, 0];
  const stop = new AbortController();
  const reading = (async () => {
    while (!stop.signal.aborted) {
      const startedMs = performance.now();
      const found = await client.query('select o.*, l.sku from orders o join order_line l using (order_id) where order_id = $1', [
        rows[count % rows.length].order_id,
      ]);
      assert(found.rows.length > 0, 'an order that was there is there');
      slowestMs = Math.max(slowestMs, performance.now() - startedMs);
      count += 1;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  })();
  return {
    stop: async () => {
      stop.abort();
      await reading;
      await client.end();
      return { count, slowestMs };
    },
  };
}

/** Killed half-way and asked again. */
async function interrupt(projectors: RegionProjectors, say: MeasureRebuild['say']): Promise<RebuildMeasure['interrupted']> {
  const before = summaryOf(await projectors.checksums());
  await projectors.begin();
  let killedAt = 0;
  while (killedAt < 0.5) {
    const statuses = await projectors.statuses();
    killedAt = Math.min(...statuses.map(({ recordsRead, recordsTotal }) => recordsRead / Math.max(1, recordsTotal)));
    if (statuses.every(({ state }) => state !== 'running')) throw new Error('it was over before it could be killed');
  }
  await projectors.kill();
  await projectors.start();
  await projectors.begin();
  let first: readonly number[] | undefined;
  const startedMs = performance.now();
  await projectors.ended((statuses) => (first ??= statuses.some(({ recordsTotal }) => recordsTotal > 0) ? shares(statuses) : undefined));
  const checksumsEqual = JSON.stringify(summaryOf(await projectors.checksums())) === JSON.stringify(before);
  const resumed = Math.max(...(first ?? [0])) > 0.2;
  say(
    `killed at ${Math.round(killedAt * 100)}%, done ${((performance.now() - startedMs) / 1000).toFixed(1)} s after it was asked for again`,
  );
  return { killedAt, resumed, checksumsEqual };
}

const shares = (statuses: readonly { readonly recordsRead: number; readonly recordsTotal: number }[]): readonly number[] =>
  statuses.map(({ recordsRead, recordsTotal }) => recordsRead / Math.max(1, recordsTotal));

const summaryOf = (answers: readonly ChecksumsAnswer[]): unknown => answers.map(({ projections, progress }) => ({ projections, progress }));
