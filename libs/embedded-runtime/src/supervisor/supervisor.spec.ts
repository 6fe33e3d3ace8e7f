import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ProgramSpec } from '../programs/program.ts';
import { Supervisor, type PartPlan, type Plan, type StepPlan } from './supervisor.ts';

let directory: string;
let events: string[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'evenkeel-supervisor-'));
  events = [];
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** A program that only waits; it is ready when it has been spawned. */
function part(name: string, needs: readonly string[], change: Partial<ProgramSpec> & { missing?: string } = {}): PartPlan {
  const { missing, ...specChange } = change;
  const spec: ProgramSpec = {
    name,
    command: process.execPath,
    args: ['-e', 'setInterval(() => {}, 1e6); process.on("SIGTERM", () => process.exit(0))'],
    env: {},
    cwd: directory,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 5000,
    startTimeoutMs: 5000,
    prepare: () => Promise.resolve(void events.push(`start ${name}`)),
    ready: () => Promise.resolve(undefined),
    ...specChange,
  };
  return { kind: 'part', spec, region: 'east', needs, listens: [], missing: () => missing };
}

const step = (name: string, needs: readonly string[], run: () => Promise<void> = () => Promise.resolve()): StepPlan => ({
  kind: 'step',
  name,
  needs,
  run: async () => {
    events.push(`run ${name}`);
    await run();
  },
});

const supervise = (plan: Plan): Supervisor =>
  new Supervisor({ plan, logs: join(directory, 'logs'), runDirectory: join(directory, 'run'), report: () => undefined });

test('an item starts after what it needs, and what is missing holds nobody up', async () => {
  const supervisor = supervise([
    part('store', []),
    step('topics', ['store']),
    part('absent', ['topics'], { missing: 'not built' }),
    part('service', ['topics', 'absent']),
  ]);
  await supervisor.start();
  expect(events).toEqual(['start store', 'run topics', 'start service']);
  expect((await supervisor.status()).map(({ name, state }) => `${name} ${state}`)).toEqual([
    'store ready',
    'absent missing',
    'service ready',
  ]);
  await supervisor.stop();
  expect((await supervisor.status()).map(({ name, state, pid }) => `${name} ${state} ${pid}`)).toEqual([
    'store stopped undefined',
    'absent missing undefined',
    'service stopped undefined',
  ]);
});

test('what needs something that failed is not tried; what runs stays until it is stopped', async () => {
  const supervisor = supervise([
    part('store', []),
    step('topics', ['store'], () => Promise.reject(new Error('no leader'))),
    part('service', ['topics']),
  ]);
  await expect(supervisor.start()).rejects.toThrow('no leader');
  expect(events).not.toContain('start service');
  const [store] = await supervisor.status();
  expect(store).toMatchObject({ state: 'ready' });
  await supervisor.stop();
  expect((await supervisor.status()).every(({ pid }) => pid === undefined)).toBe(true);
});

test('a program that does not exist fails with its name, after five tries', async () => {
  const supervisor = supervise([part('ghost', [], { command: '/does/not/exist' })]);
  await expect(supervisor.start()).rejects.toThrow(/ghost could not be started: cannot run \/does\/not\/exist/);
  expect(events).toEqual(Array.from({ length: 5 }, () => 'start ghost'));
  await supervisor.stop();
});

test('stopping while a part is not ready yet ends it, and the start says so', async () => {
  const asked = Promise.withResolvers<void>();
  const supervisor = supervise([
    part('slow', [], {
      ready: () => {
        asked.resolve();
        return Promise.resolve('still warming up');
      },
    }),
  ]);
  const start = supervisor.start();
  await asked.promise;
  await Promise.all([expect(start).rejects.toThrow('stopped before everything was ready'), supervisor.stop()]);
  expect((await supervisor.status())[0]).toMatchObject({ state: 'stopped', pid: undefined });
});

test('a plan that names something twice, or needs what comes later, is refused', () => {
  expect(() => supervise([part('a', []), part('a', [])])).toThrow('twice');
  expect(() => supervise([part('a', ['b']), part('b', [])])).toThrow('a needs b');
});

test('a part that is restarted ends in order and runs again, with the further environment of that start', async () => {
  const file = join(directory, 'said');
  const says = `const say = (what) => require('fs').appendFileSync(${JSON.stringify(file)}, what + '\\n');
    process.on('SIGTERM', () => { say('ends in order'); process.exit(0); }); setInterval(() => {}, 1e6); say('begins with ' + process.env.CLOCK);`;
  const lines = async (): Promise<readonly string[]> => (await readFile(file, 'utf8').catch(() => '')).trim().split('\n');
  let clock = 'true';
  const supervisor = supervise([
    part('service', [], {
      args: ['-e', says],
      envOfThisStart: () => ({ CLOCK: clock }),
      ready: async () => ((await lines()).at(-1)?.startsWith('begins') === true ? undefined : 'not yet'),
    }),
  ]);
  await supervisor.start();
  clock = 'shifted';
  const service = supervisor.part('service');
  await service.restart();
  await service.letRun(AbortSignal.timeout(10_000));
  await expect.poll(() => service.state, { timeout: 10_000 }).toBe('ready');
  await expect.poll(lines, { timeout: 10_000 }).toEqual(['begins with true', 'ends in order', 'begins with shifted']);
  await supervisor.stop();
  await expect(service.restart()).rejects.toThrow('service does not run');
});
