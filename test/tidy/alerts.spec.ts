import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { scrapeConfigs } from '#embedded-runtime';
import { metricNames } from '#telemetry';
import { containerTargets, type ComposeFile } from './container-targets.ts';
import { metricsIn } from './metrics-in.ts';

/** What watches the system, and what people read about it: deploy/prometheus, deploy/grafana, deploy/otel-collector, docs/runbooks. */
const yaml = (path: string): unknown => parse(readFileSync(path, 'utf8'), { merge: true, maxAliasCount: -1 });
const filesIn = (folder: string, ending: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name));

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}
const rules = filesIn('deploy/prometheus/rules', '.rules.yml').flatMap((path) =>
  (yaml(path) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules),
);
const alerts = rules.filter((rule): rule is Rule & { alert: string } => rule.alert !== undefined);
const runbooks = filesIn('docs/runbooks', '.md').filter((path) => basename(path) !== 'README.md');
const runbookOf = (alert: string): string => `docs/runbooks/${alert.replaceAll(/(?<=.)[A-Z]/g, (letter) => `-${letter}`).toLowerCase()}.md`;

describe('alerts', () => {
  it('each has a severity, a summary, a description and its runbook; each runbook has its alert', () => {
    for (const { alert, labels, annotations } of alerts) {
      expect([alert, labels?.['severity']]).toEqual([alert, expect.stringMatching(/^(page|ticket)$/)]);
      expect(Object.keys(annotations ?? {})).toEqual(['summary', 'description', 'runbook_url']);
      expect(annotations?.['runbook_url']).toBe(runbookOf(alert));
    }
    expect(runbooks.toSorted()).toEqual([...new Set(alerts.map(({ alert }) => runbookOf(alert)))].toSorted());
  });

  it('each runbook says what it means, what clients see, where to look, what to do, when to worry, and a drill that exercises it', () => {
    for (const path of runbooks) {
      const text = readFileSync(path, 'utf8');
      expect([path, runbookOf(/^# (\w+)$/m.exec(text)?.[1] ?? '')]).toEqual([path, path]);
      expect([path, text]).toEqual([path, expect.stringContaining('**Clients see**') as string]);
      const sections = new Map(text.split(/^## /m).map((section) => [section.split('\n')[0]!, section]));
      for (const name of ['Look', 'Do', 'Worry when', 'Drill']) expect([path, ...sections.keys()]).toContain(name);
      for (const name of ['Look', 'Drill'])
        expect([path, sections.get(name)]).toEqual([path, expect.stringMatching(/^npx (evenkeel|vitest) /m) as string]);
    }
  });

  it('the index names each, with its severity and page, and nothing else', () => {
    const index = readFileSync('docs/runbooks/README.md', 'utf8');
    const rows = [...index.matchAll(/^\| \[(\w+)\]\(([a-z-]+\.md)\) \| (\w+) \|/gm)].map(
      ([, alert, page, severity]) => `${alert} docs/runbooks/${page} ${severity}`,
    );
    const expected = new Set(alerts.map(({ alert, labels }) => `${alert} ${runbookOf(alert)} ${labels?.['severity']}`));
    expect(rows.toSorted()).toEqual([...expected].toSorted());
  });
});

describe('names of metrics', () => {
  /** What Prometheus and etcd bring; of etcd's, those that the scrape keeps. */
  const others = new Set(['up', 'ALERTS', 'etcd_server_is_leader', 'etcd_server_leader_changes_seen_total']);
  const recorded = new Set(rules.flatMap(({ record }) => (record === undefined ? [] : [record])));
  const known = new Set<string>(Object.values(metricNames));
  const isKnown = (name: string): boolean => {
    const histogram = /^(.+_duration_seconds)_(bucket|sum|count)$/.exec(name)?.[1];
    return known.has(histogram ?? name) || recorded.has(name) || others.has(name);
  };
  const unknownIn = (expressions: readonly string[]): string[] =>
    [...new Set(expressions.flatMap(metricsIn))].filter((name) => !isKnown(name));

  it('that rules ask for are those that processes have', () => {
    expect(unknownIn(rules.map(({ expr }) => expr))).toEqual([]);
  });

  it('that dashboards ask for are those that processes have, or that rules record', () => {
    const dashboards = filesIn('deploy/grafana/dashboards', '.json');
    expect(dashboards.length).toBeGreaterThanOrEqual(3);
    for (const path of dashboards) expect([path, unknownIn(expressionsOf(JSON.parse(readFileSync(path, 'utf8'))))]).toEqual([path, []]);
  });

  it('are found in an expression, whatever stands around them', () => {
    const expression =
      'max by (region, le) (rate(evenkeel_a_bucket{service="storefront-api", route!~"/x.*"}[1m])) / on (instance) group_left (mode) label_replace(evenkeel:b:rate1m == bool 0, "region", "$1", "c", "(.+)") unless 0.5 * up offset 5m';
    expect(metricsIn(expression)).toEqual(['evenkeel_a_bucket', 'evenkeel:b:rate1m', 'up']);
    expect(unknownIn([expression])).toEqual(['evenkeel_a_bucket', 'evenkeel:b:rate1m']);
  });
});

/** Every `expr` and every variable's query, wherever they stand. */
function expressionsOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (typeof inner !== 'string') return expressionsOf(inner);
    if (key === 'expr') return [inner];
    return key === 'definition' ? [/^label_values\((.+), \w+\)$/.exec(inner)?.[1] ?? inner] : [];
  });
}

describe('what is scraped and shown', () => {
  it('the containers that Prometheus asks are those of the compose file, with the jobs of the embedded runtime', () => {
    const written = yaml('deploy/prometheus/prometheus.yml') as { scrape_configs: unknown; rule_files: unknown };
    const targets = containerTargets(yaml('docker-compose.yml') as ComposeFile);
    expect(targets.length).toBeGreaterThan(20);
    expect(written.scrape_configs).toEqual(scrapeConfigs(targets));
    expect(written.rule_files).toEqual(['rules/*.rules.yml']);
  });

  it('dashboards have a name of their own, one data source, which is provisioned, and no two panels with one id', () => {
    const dashboards = filesIn('deploy/grafana/dashboards', '.json').map(
      (path) => JSON.parse(readFileSync(path, 'utf8')) as { uid: string; panels: { id: number }[] },
    );
    expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(dashboards.length);
    const provisioned = yaml('deploy/grafana/provisioning/datasources/prometheus.yml') as { datasources: { uid: string }[] };
    for (const { uid, panels } of dashboards) {
      expect([uid, new Set(panels.map(({ id }) => id)).size]).toEqual([uid, panels.length]);
      const sources = [...JSON.stringify(panels).matchAll(/"datasource":\{"type":"prometheus","uid":"([^"]+)"\}/g)].map(([, each]) => each);
      expect([...new Set(sources)]).toEqual(provisioned.datasources.map((source) => source.uid));
    }
  });

  it("the collector's pipelines name what it defines, and all of it", () => {
    const collector = yaml('deploy/otel-collector/config.yaml') as Record<'receivers' | 'processors' | 'exporters', object> & {
      extensions: object;
      service: { extensions: string[]; pipelines: Record<string, Record<'receivers' | 'processors' | 'exporters', string[]>> };
    };
    const pipelines = Object.values(collector.service.pipelines);
    for (const kind of ['receivers', 'processors', 'exporters'] as const) {
      const named = new Set(pipelines.flatMap((pipeline) => pipeline[kind]));
      expect([kind, [...named].toSorted()]).toEqual([kind, Object.keys(collector[kind]).toSorted()]);
    }
    expect(collector.service.extensions).toEqual(Object.keys(collector.extensions));
    for (const pipeline of pipelines) expect(pipeline['processors'][0]).toBe('memory_limiter');
  });
});
