import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { SettledCommit, SettledHistory } from '#checkers';
import { eventsTopic, regionsOf, services, topicIn, type Region, type ShardId, type Topology } from '#contracts';
import { connectKafkaCluster, openSettledFeed, type LogCluster, type OpenSettledFeed, type SettledBatch } from '#shard-log';
import { z } from 'zod';

const readTimeoutMs = 180_000;
const pollMs = 50;

/**
 * Every settled commit of every shard as a reader in this region is told it, from the first: the same feed that projectors and process
 * managers stand on, over the region's own logs and its mirrors of the others'. Events are told as their types and a digest.
 * @throws Error when a log is not read to its end in time, a shard stands still, or Kafka cannot be asked
 */
export async function readSettledHistory(topology: Topology, region: Region): Promise<readonly SettledHistory[]> {
  const cluster = connectKafkaCluster({ brokers: topology.regions[region]!.kafka.brokers, clientId: 'evenkeel-final-reads' });
  try {
    return await settledIn(cluster, { here: region, regions: regionsOf(topology), partitions: topology.partitions });
  } finally {
    await cluster.close();
  }
}

/** The same through a cluster that is connected already. */
export async function settledIn(
  cluster: LogCluster,
  { here, regions, partitions }: { readonly here: Region; readonly regions: readonly Region[]; readonly partitions: number },
): Promise<readonly SettledHistory[]> {
  const commits = new Map<ShardId, SettledCommit[]>();
  const troubles: string[] = [];
  const feed = await openSettledFeed({
    name: 'final reads',
    here,
    topology: {
      regions,
      partitions,
    },
    services,
    cluster,
    from: undefined,
    onBatch: (batch) => Promise.resolve(collect(batch, commits)),
    onUnreadable: () => undefined,
    onShardStopped: (shard, reason) => troubles.push(`${shard} stands still: ${reason}`),
    onStopped: (error) => troubles.push(error.message),
  });
  try {
    await readThrough(feed, await endsOf(cluster, here, regions), troubles);
  } finally {
    await feed.close(); // a batch that is being told is waited for
  }
  if (troubles.length > 0) throw new Error(troubles.join('; '));
  return Array.from(commits, ([shard, all]): SettledHistory => ({ reader: 'late', shard, after: 0, commits: all }));
}

function collect(batch: SettledBatch, into: Map<ShardId, SettledCommit[]>): void {
  for (const { commit } of batch.commits) {
    const { shard, seq, term, generation, writer, cause, body } = commit;
    const known = into.get(shard) ?? [];
    into.set(shard, known);
    known.push({ seq, writer: `${term}/${generation}/${writer}`, cause, events: digestOf(body) });
  }
}

const bodySchema = z.object({ events: z.array(z.object({ type: z.string() })) });

/** `OrderPlaced sha256:…`: for people the types, for comparison all of it. */
export function digestOf(body: string): string {
  const digest = `sha256:${createHash('sha256').update(body).digest('base64url')}`;
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return `unreadable ${digest}`; // parked by the projectors: still a commit, and the same in every region
  }
  const events = bodySchema.safeParse(parsed);
  return events.success ? `${events.data.events.map(({ type }) => type).join('+')} ${digest}` : `unreadable ${digest}`;
}

/** Where every log that the feed reads ends now. */
async function endsOf(cluster: LogCluster, here: Region, regions: readonly Region[]): Promise<ReadonlyMap<string, readonly number[]>> {
  const events = services.flatMap((service) => regions.map((log) => topicIn(here, log, eventsTopic(service))));
  const topics = [...events, ...regions.map((by) => topicIn(here, by, 'receipts')), 'lineage'];
  const described = await cluster.describe(topics);
  const missing = topics.filter((topic) => !described.has(topic));
  if (missing.length > 0) throw new Error(`${here} has no ${missing.join(', ')}`);
  return new Map(Array.from(described, ([topic, { ends }]) => [topic, ends]));
}

async function readThrough(
  feed: OpenSettledFeed,
  ends: ReadonlyMap<string, readonly number[]>,
  troubles: readonly string[],
): Promise<void> {
  const deadlineMs = performance.now() + readTimeoutMs;
  for (;;) {
    const behind = Array.from(ends).flatMap(([topic, all]) =>
      all.flatMap((end, partition) => ((feed.nextOffset(topic, partition) ?? 0) < end ? [`${topic}/${partition}`] : [])),
    );
    if (behind.length === 0 || troubles.length > 0) return;
    if (performance.now() > deadlineMs) throw new Error(`not read to the end in ${readTimeoutMs / 1000} s: ${behind.join(', ')}`);
    await delay(pollMs);
  }
}
