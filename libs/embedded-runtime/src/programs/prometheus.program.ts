import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Listen } from '../supervisor/ports.ts';
import { askHttp } from './http-readiness.ts';
import type { ProgramSpec } from './program.ts';
import { scrapeConfigs, type ScrapeTarget } from './scrape-config.ts';

export interface PrometheusOptions {
  readonly command: string;
  readonly listen: Listen;
  /** The folder `deploy/prometheus/rules`: what alerts here alerts everywhere. */
  readonly rules: string;
  readonly targets: readonly ScrapeTarget[];
  readonly dataDir: string;
}

/** A lost region is seen within one scrape, and some twenty processes are asked: each answers from memory, in about a millisecond. */
const scrapeInterval = '2s';
/** What hangs is as lost as what refuses. */
const scrapeTimeout = '1s';
const evaluationInterval = '1s';
const retention = { time: '7d', size: '256MB' } as const;

/** One Prometheus, outside the regions, that watches all of them. Its page, with alerts and graphs, is at `listen`. */
export function prometheusProgram({ command, listen, rules, targets, dataDir }: PrometheusOptions): ProgramSpec {
  const at = `${listen.host}:${listen.port}`;
  // JSON is YAML.
  const file = join(dataDir, 'prometheus.json');
  const config = {
    global: { scrape_interval: scrapeInterval, scrape_timeout: scrapeTimeout, evaluation_interval: evaluationInterval },
    rule_files: [join(rules, '*.rules.yml')],
    scrape_configs: scrapeConfigs(targets),
  };
  return {
    name: 'prometheus',
    command,
    args: [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(dataDir, 'tsdb')}`,
      `--storage.tsdb.retention.time=${retention.time}`,
      `--storage.tsdb.retention.size=${retention.size}`,
      `--web.listen-address=${at}`,
      '--log.level=warn',
    ],
    // It shares the cores with all that it watches.
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', TZ: 'UTC', GOMAXPROCS: '1' },
    cwd: dataDir,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 10_000,
    startTimeoutMs: 60_000,
    prepare: async () => {
      await mkdir(dataDir, { recursive: true });
      await writeFile(file, `${JSON.stringify(config, null, 2)}\n`);
    },
    ready: () => askHttp(`http://${at}/-/ready`),
  };
}
