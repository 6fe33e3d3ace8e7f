/**
 * Whole regions lost, paused, cut off and started again, with real etcd members and a real PostgreSQL (`runtime.host.ts`): what is left
 * of them, and how etcd comes back after its majority is lost for good.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { processTree, runtimeHome, stillRunning, type PartStatus } from '#embedded-runtime';
import { eventually, eventuallyHolds } from '#test-kit';
import { RuntimeHosts, runs, withinMs, type Host } from './runtime-hosts.fixture.ts';

const prefix = '127.0.8';
const clientUrls = { east: `http://${prefix}.2:2379`, west: `http://${prefix}.3:2379`, witness: `http://${prefix}.4:2379` } as const;
type Member = keyof typeof clientUrls;

let hosts: RuntimeHosts;
let running: Host;

beforeEach(async () => {
  hosts = await RuntimeHosts.inNewHome(prefix);
  running = hosts.start('child');
  await running.untilSaid('READY');
});
afterEach(() => hosts.end());

async function statesOf(region: string): Promise<readonly string[]> {
  return (await hosts.control.status()).parts.filter((part) => part.region === region).map(({ state, unready }) => unready ?? state);
}

async function until(name: string, condition: (part: PartStatus) => boolean): Promise<number> {
  const beganMs = performance.now();
  await eventually(
    async () => {
      const part = await hosts.part(name);
      if (!condition(part)) throw new Error(`${name} is ${part.unready ?? part.state}\n${running.said().slice(-2000)}`);
      return true;
    },
    { withinMs, everyMs: 50 },
  );
  return performance.now() - beganMs;
}
const isReady = ({ state, unready }: PartStatus): boolean => state === 'ready' && unready === undefined;

async function askEtcd(member: Member, path: string, body: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(`${clientUrls[member]}/v3/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(3000),
  });
  if (!response.ok) throw new Error(`${member}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}
/** Asked until it answers: a member that is ready may lose its leader again. */
const etcd = (...question: Parameters<typeof askEtcd>): ReturnType<typeof askEtcd> => eventually(() => askEtcd(...question), { withinMs });
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const put = (at: Member, key: string, value: string): Promise<unknown> => etcd(at, 'kv/put', { key: base64(key), value: base64(value) });
async function get(at: Member, key: string): Promise<string | undefined> {
  const { kvs } = (await etcd(at, 'kv/range', { key: base64(key) })) as { kvs?: readonly { value: string }[] };
  return kvs === undefined ? undefined : Buffer.from(kvs[0]!.value, 'base64').toString();
}
async function membersAt(at: Member): Promise<readonly string[]> {
  const { members } = (await etcd(at, 'cluster/member/list', {})) as { members: readonly { name: string; isLearner?: boolean }[] };
  return members.map(({ name, isLearner }) => (isLearner === true ? `${name} (learner)` : name)).toSorted();
}

describe('a region that is killed', () => {
  test('has no process left, stays down, and comes back with its data; nothing is left at the end, whatever state regions are in', async () => {
    const pids = (await hosts.control.status()).parts.filter(({ region }) => region === 'east').map(({ pid }) => pid!);
    const east = (await Promise.all(pids.map(processTree))).flat().map(({ pid }) => pid);
    expect(east.length).toBeGreaterThan(6); // etcd, the postmaster and its workers, the dummy and its child
    await put('west', 'kept', 'yes');
    const beganMs = performance.now();
    await hosts.control.actOnRegion('east', 'kill');
    console.log(`${east.length} processes killed, and gone after ${(performance.now() - beganMs).toFixed(0)} ms`);
    await eventually(() => !east.some(runs)); // PostgreSQL's workers end when they see that the postmaster is gone
    expect(await statesOf('east')).toEqual(['down', 'down', 'down']);
    await until('west.etcd', isReady); // the other two elect a leader
    expect(await get('west', 'kept')).toBe('yes');

    await hosts.control.actOnRegion('east', 'start');
    for (const part of ['east.etcd', 'east.postgres', 'east.dummy']) await until(part, isReady);
    expect(await get('east', 'kept')).toBe('yes');

    await hosts.control.actOnRegion('east', 'kill');
    await hosts.control.actOnRegion('west', 'pause');
    const members = await running.processes();
    running.child.kill('SIGINT');
    expect(await running.exit).toBe(0);
    await eventuallyHolds(() => expect(members.filter(runs)).toEqual([])); // what a part leaves in its group dies a moment after it
    expect(await stillRunning(runtimeHome(hosts.directory).run)).toEqual([]);
  });

  test('may come back without its data: its etcd member joins the others anew', async () => {
    await put('west', 'kept', 'yes');
    await expect(hosts.control.actOnRegion('east', 'start', { forget: ['etcd'] })).rejects.toThrow('east.etcd is ready: only what is down');
    await hosts.control.actOnRegion('east', 'kill');
    await hosts.control.actOnRegion('east', 'start', { forget: ['etcd', 'postgres'] });
    const ms = await until('east.etcd', isReady);
    console.log(`an empty member has joined and votes after ${ms.toFixed(0)} ms`);
    expect(await membersAt('east')).toEqual(['east', 'west', 'witness']);
    expect(await get('east', 'kept')).toBe('yes');
    await until('east.dummy', isReady);
  });
});

test('a region that is cut off has no leader, the others have one; healed, it follows them again', async () => {
  await hosts.control.cut({ from: 'east', direction: 'both', how: 'silent' });
  await until('east.etcd', ({ unready }) => unready !== undefined);
  await until('west.etcd', isReady);
  await put('west', 'while-cut', 'yes');
  await hosts.control.heal({ from: 'east' });
  const ms = await until('east.etcd', isReady);
  console.log(`healed: east's member answers again after ${ms.toFixed(0)} ms`);
  expect(await get('east', 'while-cut')).toBe('yes');
});

test('with the majority lost for good, one member goes on alone with what it has, and the others join it anew', async () => {
  await put('west', 'kept', 'yes');
  await expect(hosts.control.forceNewEtcdCluster('east')).rejects.toThrow('west.etcd is not down');
  await hosts.control.actOnRegion('west', 'kill');
  await hosts.control.actOnRegion('witness', 'kill');
  await until('east.etcd', ({ unready }) => unready !== undefined);
  const beganMs = performance.now();
  await hosts.control.forceNewEtcdCluster('east');
  console.log(`a cluster of one after ${(performance.now() - beganMs).toFixed(0)} ms`);
  expect(await membersAt('east')).toEqual(['east']);
  expect(await get('east', 'kept')).toBe('yes');
  await put('east', 'alone', 'yes');

  for (const region of ['west', 'witness'] as const) {
    await hosts.control.actOnRegion(region, 'start');
    console.log(`${region} has joined after ${(await until(`${region}.etcd`, isReady)).toFixed(0)} ms`);
  }
  expect(await membersAt('witness')).toEqual(['east', 'west', 'witness']);
  await hosts.control.actOnRegion('east', 'kill');
  await until('west.etcd', isReady);
  expect([await get('west', 'kept'), await get('witness', 'alone')]).toEqual(['yes', 'yes']);

  // The whole system may be stopped and started in between: members stay who they are.
  await hosts.control.shutdown();
  expect(await running.exit).toBe(0);
  running = hosts.start();
  await running.untilSaid('READY');
  expect(await get('east', 'alone')).toBe('yes');
});
