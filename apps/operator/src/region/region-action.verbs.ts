import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import type { RegionAction } from '#embedded-runtime';
import { runtime } from '../terminal/home.ts';
import { answerWith, verb, type Answer, type CommonOptions } from '../terminal/verb.ts';

const done = {
  kill: 'every process killed; it stays down until `evenkeel region start`',
  pause: 'every process paused',
  resume: 'resumed',
} as const satisfies Record<Exclude<RegionAction, 'start'>, string>;

const actionVerb = (action: keyof typeof done, description: string): Command =>
  verb(`${action} <region>`, description).action((region: string, options: CommonOptions) =>
    answerWith(options, async () => {
      await runtime().actOnRegion(region, action);
      return { value: { region, action }, text: `${region}: ${done[action]}` };
    }),
  );

export const killRegionVerb = (): Command =>
  actionVerb('kill', 'SIGKILL to every process of a region at once; nothing of it is started again until `region start`');
export const pauseRegionVerb = (): Command => actionVerb('pause', 'SIGSTOP to every process of a region at once: alive, and silent');
export const resumeRegionVerb = (): Command => actionVerb('resume', 'SIGCONT to every process of a paused region');

const startTimeoutMs = 180_000;
const pollMs = 200;

interface StartOptions extends CommonOptions {
  readonly wait: boolean;
  readonly withoutLogs: boolean;
  readonly withoutTables: boolean;
}

export const startRegionVerb = (): Command =>
  verb('start <region>', 'start every process of a region that was killed, and wait until they are ready')
    .option('--no-wait', 'do not wait until they are ready')
    .option('--without-logs', 'as a region that has lost its Kafka, its PostgreSQL and its etcd member', false)
    .option('--without-tables', "as a region that has lost its PostgreSQL: it folds both regions' logs from their first record", false)
    .action((region: string, options: StartOptions) => answerWith(options, () => start(region, options)));

const forgotten = ({ withoutLogs, withoutTables }: StartOptions): { readonly forget?: ('etcd' | 'kafka' | 'postgres')[] } => {
  if (withoutLogs) return { forget: ['kafka', 'postgres', 'etcd'] };
  return withoutTables ? { forget: ['postgres'] } : {};
};

async function start(region: string, options: StartOptions): Promise<Answer> {
  const beganMs = performance.now();
  await runtime().actOnRegion(region, 'start', forgotten(options));
  if (!options.wait) return { value: { region, action: 'start' }, text: `${region}: starting` };
  const deadline = performance.now() + startTimeoutMs;
  for (;;) {
    const parts = (await runtime().status()).parts.filter((part) => part.region === region && part.state !== 'missing');
    const waiting = parts.filter(({ state, unready }) => state !== 'ready' || unready !== undefined);
    const readyAfterMs = Math.round(performance.now() - beganMs);
    if (waiting.length === 0)
      return { value: { region, action: 'start', readyAfterMs }, text: `${region}: ready after ${(readyAfterMs / 1000).toFixed(1)} s` };
    if (performance.now() > deadline)
      throw new Error(
        `${region} is not ready after ${startTimeoutMs / 1000} s: ${waiting.map(({ name, state, unready }) => `${name}: ${unready ?? state}`).join('; ')}`,
      );
    await wait(pollMs);
  }
}
