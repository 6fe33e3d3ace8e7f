import type { Pool } from 'pg';
import type { ChecksumsAnswer, Region, Service } from '#contracts';
import type { FeedCheckpoint, LogCluster } from '#shard-log';
import { checksumsOf, streamStatesTable } from '../checksums.ts';
import { inTransaction } from '../postgres/database.ts';
import { readCheckpoint, readProgress } from '../postgres/checkpoint-table.ts';
import type { Projection } from '../projection.port.ts';
import type { Projector } from '../projector.ts';

export interface ProjectorReportOptions {
  readonly service: Service;
  readonly region: Region;
  readonly name: string;
  readonly pool: Pool;
  readonly cluster: LogCluster;
  readonly projections: readonly Pick<Projection<never>, 'name' | 'tables'>[];
  readonly projector: Projector;
}

/** Checksums, progress and what is parked, as of one moment; and how far the log is ahead. */
export async function projectorReport(options: ProjectorReportOptions): Promise<ChecksumsAnswer> {
  const { service, region, projector } = options;
  const { checkpoint, ...stored } = await readStored(options);
  const { role, stoppedShards, lastError } = projector.status();
  return { service, region, role, ...stored, lagRecords: await lagOf(options, checkpoint), stoppedShards, lastError: lastError ?? null };
}

interface Stored extends Pick<ChecksumsAnswer, 'projections' | 'progress' | 'parked'> {
  readonly checkpoint: FeedCheckpoint | undefined;
}

const readStored = ({ pool, name, projections }: ProjectorReportOptions): Promise<Stored> =>
  inTransaction(
    pool,
    async (tx) => {
      // Whole tables are read: for longer than the projector's own statements may take.
      await tx.query('set local statement_timeout = 60000');
      const { rows } = await tx.query(`select status, count(*) from parked_record where status in ('parked', 'withheld') group by status`);
      const counts = new Map(rows.map((row) => [row.status as string, Number(row.count)]));
      return {
        projections: await checksumsOf(tx, [...projections, streamStatesTable]),
        progress: await readProgress(tx),
        parked: { parked: counts.get('parked') ?? 0, withheld: counts.get('withheld') ?? 0 },
        checkpoint: (await readCheckpoint(tx, name))?.checkpoint,
      };
    },
    'repeatable read read only',
  );

/**
 * Records of the events topics that this region's projection has not passed. A leader counts from what it has read, so that fences and
 * closes, which move no row, do not look like a backlog.
 */
async function lagOf({ cluster, projector }: ProjectorReportOptions, checkpoint: FeedCheckpoint | undefined): Promise<number | null> {
  const offsets = Object.entries(checkpoint?.offsets ?? {}).filter(([place]) => /\.?[a-z]+\.events:\d+$/.test(place));
  const topics = new Set(offsets.map(([place]) => place.slice(0, place.lastIndexOf(':'))));
  try {
    const known = await cluster.describe([...topics]);
    return offsets.reduce((lag, [place, stored]) => {
      const [topic, partition] = [place.slice(0, place.lastIndexOf(':')), Number(place.slice(place.lastIndexOf(':') + 1))];
      const next = projector.nextOffset(topic, partition) ?? stored;
      return lag + Math.max(0, (known.get(topic)?.ends[partition] ?? next) - next);
    }, projector.status().buffered);
  } catch {
    return null; // the cluster does not answer: how far it is ahead is not known
  }
}
