import { join } from 'node:path';
import type { RuntimeHome } from '../runtime-home.ts';
import { prometheusProgram } from '../programs/prometheus.program.ts';
import type { ScrapeTarget } from '../programs/scrape-config.ts';
import type { PartPlan, PartStatus, Plan } from '../supervisor/supervisor.ts';
import type { System } from './system.ts';

export interface PrometheusPartOptions {
  readonly system: System;
  readonly home: RuntimeHome;
  readonly projectRoot: string;
  readonly command: string;
  /** All that it watches. */
  readonly plan: Plan;
}

/** Started last, when there is something to see: what is still starting is no alert. */
export function prometheusPart({ system, home, projectRoot, command, plan }: PrometheusPartOptions): PartPlan {
  const listen = { host: system.outside.address, port: system.outside.prometheus };
  const targets = scrapeTargets(watchedOf(plan));
  const rules = join(projectRoot, 'deploy', 'prometheus', 'rules');
  return {
    kind: 'part',
    region: 'outside',
    spec: prometheusProgram({ command, listen, rules, targets, dataDir: join(home.data, 'prometheus') }),
    needs: targets.map(({ instance }) => instance),
    listens: [listen],
    url: `http://${listen.host}:${listen.port}`,
  };
}

/** Every part that tells about itself, of a plan or of a running system: what is started is watched, and nothing else is. */
export const scrapeTargets = (parts: readonly Watched[]): readonly ScrapeTarget[] =>
  parts.flatMap(({ name, region, metrics }) =>
    metrics === undefined
      ? []
      : [{ job: metrics.job, address: `${metrics.at.host}:${metrics.at.port}`, region, service: metrics.service, instance: name }],
  );
type Watched = Pick<PartStatus, 'name' | 'region' | 'metrics'>;

export const watchedOf = (plan: Plan): readonly Watched[] =>
  plan.flatMap((item) => (item.kind === 'part' ? [{ name: item.spec.name, region: item.region, metrics: item.metrics }] : []));
