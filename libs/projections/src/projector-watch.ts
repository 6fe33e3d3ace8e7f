import type { SettledBatch } from '#shard-log';
import { attributeNames, endedWith, metricNames, metrics, openBatchSpan, spanNames, SpanKind, withSpan } from '#telemetry';
import type { PendingWork } from './core/batch-buffer.ts';
import { countParked } from './postgres/parked-table.ts';
import type { ProjectionDatabase } from './postgres/database.ts';
import { ProjectionLag } from './projection-lag.ts';

const projected = metrics.counter(metricNames.projectedCommits);

export interface WatchedProjector {
  readonly name: string;
  readonly database: Pick<ProjectionDatabase, 'pool' | 'schema'>;
  readonly status: () => {
    readonly role: 'leader' | 'standby';
    readonly lastError: string | undefined;
    readonly stoppedShards: Readonly<Record<string, string>>;
  };
}

/** One projector as people see it: its metrics, and a span per batch. Nothing is decided by it. */
export class ProjectorWatch {
  readonly #projector: WatchedProjector;
  readonly #labels: { readonly projector: string };
  readonly #lag = new ProjectionLag();
  readonly #ends: readonly (() => void)[];
  /** Undefined: not counted, for another instance leads. */
  #parked: number | undefined;

  constructor(projector: WatchedProjector) {
    this.#projector = projector;
    const labels = (this.#labels = { projector: projector.name });
    const leads = (): boolean => projector.status().role === 'leader';
    const fails = (): boolean => projector.status().lastError !== undefined;
    this.#ends = [
      metrics.gauge(metricNames.projectorLeading).observe(() => [{ labels, value: Number(leads()) }]),
      // One that fails to lead shows how far it falls behind; one that stands by has nothing to say.
      metrics.gauge(metricNames.projectionLag).observe(() => (leads() || fails() ? [{ labels, value: this.#lag.seconds }] : [])),
      metrics.gauge(metricNames.shardsStopped).observe(() => {
        return leads() ? [{ labels, value: Object.keys(projector.status().stoppedShards).length }] : [];
      }),
      metrics.gauge(metricNames.parkedRecords).observe(() => (this.#parked === undefined ? [] : [{ labels, value: this.#parked }])),
    ];
  }

  close(): void {
    for (const end of this.#ends) end();
  }

  read({ commits, oldestMs }: SettledBatch): void {
    if (commits.length > 0 && oldestMs !== undefined) this.#lag.read(oldestMs);
  }

  /** What was read before is read anew, and what is parked may have changed. @throws whatever the database throws */
  async leads(): Promise<void> {
    this.#lag.reset();
    await this.parkedChanged();
  }

  standsBy(): void {
    this.#parked = undefined;
  }

  /** @throws whatever the database throws */
  async parkedChanged(): Promise<void> {
    this.#parked = await countParked(this.#projector.database.pool);
  }

  async stores<T>({ commits }: Pick<PendingWork, 'commits'>, store: () => Promise<T>): Promise<T> {
    this.#lag.storing();
    const stored = commits.length === 0 ? await store() : await this.#inSpans(commits, store);
    this.#lag.stored();
    projected.add(this.#labels, commits.length);
    return stored;
  }

  #inSpans<T>(commits: PendingWork['commits'], store: () => Promise<T>): Promise<T> {
    const { name, database } = this.#projector;
    const span = openBatchSpan(spanNames.process(name), {
      attributes: {
        [attributeNames.messagingSystem]: 'kafka',
        [attributeNames.messagingOperation]: 'process',
        [attributeNames.messagingOperationType]: 'process',
        [attributeNames.messagingConsumer]: name,
        [attributeNames.messagingBatchSize]: commits.length,
      },
      traceparents: () => commits.map(({ commit }) => commit.traceparent),
    });
    const attributes = {
      [attributeNames.dbSystem]: 'postgresql',
      [attributeNames.dbNamespace]: database.schema,
      [attributeNames.dbOperation]: 'BATCH',
    };
    return endedWith(span, () => withSpan(spanNames.transaction(database.schema), { kind: SpanKind.CLIENT, attributes }, store));
  }
}
