import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ProgramSpec } from '../programs/program.ts';
import { processRow, processTree } from './processes.ts';
import { RegionControl } from './region-control.ts';
import { niceOfShare } from './share-of-cores.ts';
import { Supervisor, type PartPlan, type Plan } from './supervisor.ts';

let directory: string;
let events: string[];
let supervisor: Supervisor;
let regions: RegionControl;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'evenkeel-regions-'));
  events = [];
});
afterEach(async () => {
  await supervisor.stop();
  await rm(directory, { recursive: true, force: true });
});

/** A program in a region with a child in a group of its own, which ends when its parent does, as PostgreSQL's do. */
function part(name: string, needs: readonly string[], change: Partial<ProgramSpec> = {}): PartPlan {
  const child = 'process.stdin.resume().on("end", () => process.exit())';
  const spawned = `require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(child)}], { stdio: ["pipe", "ignore", "ignore"], detached: true })`;
  const spec: ProgramSpec = {
    name,
    command: process.execPath,
    args: ['-e', `${spawned}; setInterval(() => {}, 1e6)`],
    env: {},
    cwd: directory,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 5000,
    startTimeoutMs: 5000,
    prepare: () => Promise.resolve(void events.push(`start ${name}`)),
    ready: () => Promise.resolve(undefined),
    ...change,
  };
  return { kind: 'part', spec, region: name.split('.')[0]!, needs, listens: [] };
}

const topics: Plan[number] = {
  kind: 'step',
  name: 'east.topics',
  region: 'east',
  needs: ['east.kafka'],
  run: () => Promise.resolve(void events.push('run east.topics')),
};

async function run(...plan: Plan): Promise<void> {
  supervisor = new Supervisor({ plan, logs: join(directory, 'logs'), runDirectory: join(directory, 'run'), report: () => undefined });
  regions = new RegionControl({ supervisor, report: () => undefined });
  await supervisor.start();
}

const states = async (): Promise<Record<string, string>> =>
  Object.fromEntries((await supervisor.status()).map(({ name, state }) => [name, state]));

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`still not so after 10 s: ${JSON.stringify(await states())}`);
    await wait(20);
  }
}

/** With the children that it has started. */
async function processesOf(name: string): Promise<readonly number[]> {
  const root = supervisor.part(name).pid!;
  await until(async () => (await processTree(root)).length === 2);
  return (await processTree(root)).map(({ pid }) => pid);
}

test('a killed region loses every process, also those in groups of their own, and stays down; the other region does not notice', async () => {
  await run(part('east.kafka', []), topics, part('east.service', ['east.topics']), part('west.kafka', []));
  const east = [...(await processesOf('east.kafka')), ...(await processesOf('east.service'))];
  const west = supervisor.part('west.kafka').pid;
  await regions.kill('east');
  expect((await Promise.all(east.map(processRow))).filter((row) => row !== undefined)).toEqual([]);
  expect(await states()).toEqual({ 'east.kafka': 'down', 'east.service': 'down', 'west.kafka': 'ready' });
  expect(supervisor.part('west.kafka')).toMatchObject({ pid: west, restarts: 0 });
});

test('a started region starts in the order of its needs, steps included, and is restarted again when something of it dies', async () => {
  await run(part('west.kafka', []), part('east.kafka', []), topics, part('east.service', ['east.topics', 'west.kafka']));
  await regions.kill('west');
  await regions.kill('east');
  events = [];
  await regions.start('east'); // though it needs something of west, which is down
  expect(events).toEqual(['start east.kafka', 'run east.topics', 'start east.service']);
  expect(await states()).toEqual({ 'west.kafka': 'down', 'east.kafka': 'ready', 'east.service': 'ready' });
  await supervisor.part('east.kafka').signal('SIGKILL');
  await until(() => supervisor.part('east.kafka').restarts === 2 && supervisor.part('east.kafka').state === 'ready');
});

test('what a person kills while it waits to be started again stays down', async () => {
  await run(part('east.kafka', []));
  const kafka = supervisor.part('east.kafka');
  for (const restarts of [1, 2, 3, 4]) {
    await kafka.signal('SIGKILL');
    await until(() => kafka.restarts === restarts && kafka.state === 'ready');
  }
  await kafka.signal('SIGKILL'); // the fifth in a row: it waits for 4 s
  await until(() => kafka.state === 'restarting');
  const beganMs = performance.now();
  await regions.kill('east');
  expect(performance.now() - beganMs).toBeLessThan(3_000);
  expect(await states()).toEqual({ 'east.kafka': 'down' });
});

test('a paused region is paused with all its processes, is not started, and goes on when it is resumed', async () => {
  await run(part('east.kafka', []), part('east.service', []));
  const { pid } = supervisor.part('east.kafka');
  await regions.pause('east');
  expect(await states()).toEqual({ 'east.kafka': 'paused', 'east.service': 'paused' });
  await supervisor.part('east.service').signal('SIGKILL');
  await until(() => supervisor.part('east.service').state === 'down');
  await regions.resume('east');
  await until(() => supervisor.part('east.service').state === 'ready');
  expect(supervisor.part('east.kafka')).toMatchObject({ pid, restarts: 0, state: 'ready' });
});

test('a paused region can be killed, and a start that is under way ends when its region is killed again', async () => {
  let missing: string | undefined;
  await run(part('east.kafka', [], { ready: () => Promise.resolve(missing) }), part('east.service', ['east.kafka']));
  await regions.pause('east');
  await regions.kill('east');
  missing = 'not yet';
  events = [];
  const start = regions.start('east');
  await until(() => events.length === 1);
  await regions.kill('east');
  await start;
  expect(events).toEqual(['start east.kafka']);
  expect(await states()).toEqual({ 'east.kafka': 'down', 'east.service': 'down' });
  await expect(regions.resume('east')).rejects.toThrow('east is down');
});

test('everything stops, in whatever state its regions are', async () => {
  await run(part('east.kafka', []), part('west.kafka', []), part('north.kafka', []));
  const pids = [...(await processesOf('west.kafka')), ...(await processesOf('north.kafka'))];
  await regions.kill('east');
  await regions.pause('west');
  await supervisor.stop();
  expect(await states()).toEqual({ 'east.kafka': 'stopped', 'west.kafka': 'stopped', 'north.kafka': 'stopped' });
  await until(async () => (await Promise.all(pids.map(processRow))).every((row) => row === undefined));
  await expect(regions.kill('south')).rejects.toThrow('no region south; there are east, west, north');
});

/** Not every system has such shares, nor lets them be changed. Asked of a part, which is a session of its own: who runs the test may have none. */
async function sharesCanBeGiven(pid: number): Promise<boolean> {
  if ((await niceOfShare(pid)) === undefined) return false;
  const refused = await writeFile(`/proc/${pid}/autogroup`, '0', { flag: 'r+' }).catch((error: NodeJS.ErrnoException) => error.code);
  return refused === undefined || refused === 'EAGAIN';
}

test('what starts with its region leaves the cores to others until it is ready; what dies on its own does not', async () => {
  let missing: string | undefined;
  let asked = 0;
  await run(part('east.kafka', [], { ready: () => Promise.resolve((asked++, missing)) }));
  const kafka = supervisor.part('east.kafka');
  const little = (await sharesCanBeGiven(kafka.pid!)) ? 5 : await niceOfShare(kafka.pid!);
  const full = await niceOfShare(kafka.pid!);
  const nice = async (): Promise<number | undefined> => niceOfShare(kafka.pid!);
  await regions.kill('east');
  missing = 'not yet';
  const start = regions.start('east');
  await until(async () => kafka.pid !== undefined && (await nice()) === little);
  await regions.pause('east');
  await regions.resume('east'); // in the middle of its start
  missing = undefined;
  await until(() => kafka.state === 'ready');
  await start;
  await until(async () => (await nice()) === full);
  await regions.start('east'); // of what runs
  missing = 'not yet';
  await kafka.signal('SIGKILL');
  await until(() => kafka.restarts === 2);
  asked = 0;
  await until(() => asked > 1);
  expect(await nice()).toBe(full);
});
