import { medianRebuild, type BenchResult } from '../bench-result.ts';
import { fastestLoad } from '../orders/load-result.ts';

export interface Ratio {
  readonly what: string;
  readonly ours: number;
  readonly limit: number;
  readonly unit: string;
  /** ours / limit. Of rates more is better, of times less. */
  readonly ratio: number;
  readonly better: 'more' | 'less';
}

type Measured = Pick<BenchResult, 'orders' | 'quiet' | 'hotSku' | 'limits' | 'rebuild'>;

/** What we do beside what the part below does by itself, as far as both were measured in this run. Pure. */
export function ratios({ orders, quiet, hotSku, limits, rebuild }: Measured): readonly Ratio[] {
  const rows: Ratio[] = [];
  const add = (what: string, unit: string, better: Ratio['better'], ours: number | undefined, limit: number | undefined): void => {
    if (ours !== undefined && limit !== undefined && limit > 0) rows.push({ what, ours, limit, unit, ratio: ours / limit, better });
  };
  const rebuilt = rebuild === undefined ? undefined : medianRebuild(rebuild);
  const best = fastestLoad(orders ?? [])?.median;
  add('settled, quiet p50 / mirror visible p50', 'ms', 'less', quiet?.orders.settledMs?.p50, quiet?.mirrorVisibleMs?.p50);
  add('confirmed, quiet p50 / mirror visible p50', 'ms', 'less', quiet?.orders.confirmedMs?.p50, quiet?.mirrorVisibleMs?.p50);
  add('confirmed orders / bare route requests', '1/s', 'more', best?.confirmedPerSecond, limits?.route.requestsPerSecond);
  add('commits appended / kafkajs append', '1/s', 'more', best?.commitsPerSecond, limits?.append.recordsPerSecond);
  add('table rows written / unnest upserts', '1/s', 'more', best?.rowsPerSecond, limits?.upserts.updatesPerSecond);
  add('hot sku decisions / kafkajs append', '1/s', 'more', hotSku?.writer.decidedPerSecond, limits?.append.recordsPerSecond);
  add('rebuild / kafkajs consume, same topics', '1/s', 'more', rebuilt?.eventsPerSecond, rebuilt?.rawRecordsPerSecond);
  return rows;
}
