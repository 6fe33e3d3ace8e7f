import { attributeNames, spanNames, SpanKind, withSpan } from '#telemetry';
import type { DataSource, EntityManager } from 'typeorm';
import type { Region, Service, ShardId, ShardSeqs } from '#contracts';

export const READ_DATABASE = Symbol('evenkeel:read-database');

/** All queries of `read` see one moment: a row and the progress beside it belong together. */
export function inReadSnapshot<T>(database: DataSource, read: (manager: EntityManager) => Promise<T>): Promise<T> {
  const attributes = { [attributeNames.dbSystem]: 'postgresql', [attributeNames.dbOperation]: 'BATCH' };
  return withSpan(spanNames.transaction('reads'), { kind: SpanKind.CLIENT, attributes }, () =>
    database.transaction('REPEATABLE READ', read),
  );
}

/** Progress of a service's shards of one home: what a list over them shows. */
export async function progressOfHome(manager: EntityManager, service: Service, home: Region): Promise<ShardSeqs> {
  const rows = await manager.query<{ shard: ShardId; seq: string }[]>(
    'select shard, seq from shard_progress where starts_with(shard, $1)',
    [`${service}.${home}.`],
  );
  return Object.fromEntries(rows.map(({ shard, seq }) => [shard, Number(seq)]));
}
