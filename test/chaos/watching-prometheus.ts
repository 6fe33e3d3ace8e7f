import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePrograms, projectRoot, prometheusPath, prometheusProgram, requirements, scrapeTargets } from '#embedded-runtime';
import { eventually, firingAlerts, freePorts, runProgram, type WholeSystem } from '#test-kit';
import { settlesWithinMs } from './region.watch.ts';

type Labels = Readonly<Record<string, string>>;

/** A Prometheus that watches a running system, with the rules and targets that `evenkeel up --with prometheus` gives it. */
export interface WatchingPrometheus {
  /** Each of these fires, at some time from now on. */
  fire(...alerts: readonly Labels[]): Promise<void>;
  /** None of these fires any more. */
  clear(...alerts: readonly Labels[]): Promise<void>;
  /** Every target answers. */
  seesEverything(): Promise<void>;
  stop(): Promise<void>;
}

/** @throws MissingProgramsError that says what to install */
export async function watchedByPrometheus(system: WholeSystem): Promise<WatchingPrometheus> {
  const needed = requirements({ jarsArePresent: true, extras: ['prometheus'] }).filter(({ what }) => what === 'Prometheus');
  await ensurePrograms({ needed, report: console.log });
  const dataDir = await mkdtemp(join(tmpdir(), 'evenkeel-watching-'));
  const [port] = (await freePorts(1)) as [number];
  const rules = join(projectRoot(), 'deploy', 'prometheus', 'rules');
  const targets = scrapeTargets((await system.status()).parts);
  const listen = { host: '127.0.0.1', port };
  const prometheus = await runProgram(prometheusProgram({ command: prometheusPath()!, listen, rules, targets, dataDir }));
  const url = `http://127.0.0.1:${port}`;
  const until = async (what: string, alerts: readonly Labels[], fires: boolean): Promise<void> => {
    const beganMs = performance.now();
    await Promise.all(
      alerts.map(async (alert) => {
        await eventually(
          async () => {
            const firing = await firingAlerts(url);
            const found = firing.some(({ labels }) => Object.entries(alert).every(([name, value]) => labels[name] === value));
            if (found === fires) return true;
            throw new Error(`${JSON.stringify(alert)} ${what} not; firing: ${JSON.stringify(firing.map(({ labels }) => labels))}`);
          },
          { withinMs: settlesWithinMs, everyMs: 250 },
        );
        console.log(`${Object.values(alert).join(' ')} ${what} after ${((performance.now() - beganMs) / 1000).toFixed(1)} s`);
      }),
    );
  };
  return {
    fire: (...alerts) => until('fires', alerts, true),
    clear: (...alerts) => until('clears', alerts, false),
    seesEverything: async () => {
      await eventually(async () => (await valueOf(url, 'count(up == 1)')) === targets.length, { withinMs: settlesWithinMs, everyMs: 250 });
    },
    stop: async () => {
      await prometheus.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Of an expression that gives one sample; undefined when it gives none. */
async function valueOf(url: string, expression: string): Promise<number | undefined> {
  const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`, { signal: AbortSignal.timeout(5_000) });
  const { data } = (await response.json()) as { data: { result: readonly { readonly value: readonly [number, string] }[] } };
  return data.result[0] === undefined ? undefined : Number(data.result[0].value[1]);
}
