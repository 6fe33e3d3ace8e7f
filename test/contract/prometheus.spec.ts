/**
 * What `deploy/prometheus` holds, as Debian's promtool and a real Prometheus read it. Only the targets are stand-ins: that the processes
 * say what the rules ask for is seen when a region is lost (test/chaos/witness-loss.spec.ts).
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensurePrograms, onPath, projectRoot, prometheusPath, prometheusProgram, requirements, type ScrapeTarget } from '#embedded-runtime';
import { eventually, firingAlerts, freePorts, runProgram, type RunningProgram } from '#test-kit';

const run = promisify(execFile);
const folder = join(projectRoot(), 'deploy', 'prometheus');
const rules = join(folder, 'rules');
const promtool = (...args: string[]) => run(onPath('promtool')!, args, { cwd: rules });
let directory: string;

beforeAll(async () => {
  const needed = requirements({ jarsArePresent: true, extras: ['prometheus'] }).filter(({ what }) => what === 'Prometheus');
  await ensurePrograms({ needed, report: console.log });
  directory = await mkdtemp(join(tmpdir(), 'evenkeel-prometheus-'));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

const filesOf = async (ending: string): Promise<string[]> => (await readdir(rules)).filter((name) => name.endsWith(ending)).toSorted();

describe('promtool', () => {
  it('accepts the configuration and every rule of it', async () => {
    const { stdout } = await promtool('check', 'config', join(folder, 'prometheus.yml'));
    for (const file of await filesOf('.rules.yml')) expect(stdout).toContain(file);
    await promtool('check', 'rules', '--lint=all', '--lint-fatal', ...(await filesOf('.rules.yml')));
  });

  it('passes every rule test, and there is one for each file of alerts', async () => {
    const tests = await filesOf('.test.yml');
    const alerts = (await filesOf('.rules.yml')).filter((name) => name !== 'recording.rules.yml');
    expect(tests).toEqual(alerts.map((name) => name.replace('.rules.', '.test.')));
    await promtool('test', 'rules', ...tests);
  });

  it('would say so: a rule whose threshold has moved fails its test', async () => {
    for (const file of await filesOf('.yml')) {
      const text = await readFile(join(rules, file), 'utf8');
      await writeFile(join(directory, file), text.replace('evenkeel:oldest_unsettled_age_seconds:max > 5', '$&0'));
    }
    const failure = await promtool('test', 'rules', join(directory, 'replication.test.yml')).catch((error: Error) => error);
    expect(failure).toMatchObject({ code: 1, stderr: expect.stringContaining('RpoExposed') as string });
  });
});

describe('a real Prometheus, started as the embedded runtime does', { timeout: 300_000 }, () => {
  let process: Server;
  let prometheus: RunningProgram;
  let url: string;
  let parked = 2;

  beforeAll(async () => {
    process = createServer((request, response) => {
      const known = request.url === '/metrics';
      response.writeHead(known ? 200 : 404, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
      response.end(known ? `# TYPE evenkeel_parked_records gauge\nevenkeel_parked_records{projector="order"} ${parked}\n` : '');
    });
    process.listen({ host: '127.0.0.1', port: 0 });
    await once(process, 'listening');
    const [port, away] = (await freePorts(2)) as [number, number];
    const target = (at: number, name: string): ScrapeTarget => ({
      job: 'evenkeel',
      address: `127.0.0.1:${at}`,
      region: name.split('.')[0]!,
      service: 'order-projector',
      instance: name,
    });
    url = `http://127.0.0.1:${port}`;
    const targets = [target((process.address() as AddressInfo).port, 'east.order-projector'), target(away, 'west.order-projector')];
    const listen = { host: '127.0.0.1', port };
    const dataDir = join(directory, 'prometheus');
    prometheus = await runProgram(prometheusProgram({ command: prometheusPath()!, listen, rules, targets, dataDir }));
  });

  afterAll(async () => {
    await prometheus?.stop();
    await new Promise((resolve) => process.close(resolve));
  });

  it('labels what it reads with region, service and instance; what is away is down; alerts fire and clear', async () => {
    const alert = (name: string) => async () => (await firingAlerts(url)).find(({ labels }) => labels['alertname'] === name);
    const first = await eventually(alert('ParkedRecords'), { withinMs: 90_000, everyMs: 200 });
    expect(first).toMatchObject({
      labels: { region: 'east', service: 'order-projector', instance: 'east.order-projector', severity: 'ticket' },
      annotations: { summary: '2 records are parked at east.order-projector', runbook_url: 'docs/runbooks/parked-records.md' },
    });
    const lost = await eventually(alert('RegionLost'), { withinMs: 90_000, everyMs: 200 });
    expect(lost.labels).toMatchObject({ region: 'west', severity: 'page' });
    parked = 0;
    await eventually(async () => (await alert('ParkedRecords')()) === undefined, { withinMs: 90_000, everyMs: 200 });
  });
});
