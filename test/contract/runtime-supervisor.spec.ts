/**
 * The supervisor with real programs: three etcd members behind their links, a PostgreSQL, and a dummy part, in a process of their
 * own that the tests interrupt and kill (`runtime.host.ts`).
 */
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runtimeHome, stillRunning, type ControlClient, type PartStatus } from '#embedded-runtime';
import { eventually, eventuallyHolds } from '#test-kit';
import { RuntimeHosts, runs, withinMs, type Host } from './runtime-hosts.fixture.ts';

const prefix = '127.0.7';

let hosts: RuntimeHosts;
beforeEach(async () => void (hosts = await RuntimeHosts.inNewHome(prefix)));
afterEach(() => hosts.end());

const startHost: RuntimeHosts['start'] = (dummy) => hosts.start(dummy);
const untilSaid = (running: Host, text: string): Promise<true> => running.untilSaid(text);
const control = (): ControlClient => hosts.control;
const part = (name: string): Promise<PartStatus> => hosts.part(name);
const allOf = (running: Host): Promise<readonly number[]> => running.processes();
/** What a part leaves in its group dies a moment after it. */
const noneRuns = (members: readonly number[]): Promise<void> => eventuallyHolds(() => expect(members.filter(runs)).toEqual([]));

async function query(sql: string): Promise<unknown[]> {
  const client = new Client({ host: `${prefix}.2`, port: 15_432, user: 'evenkeel', database: 'evenkeel', connectionTimeoutMillis: 30_000 });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('the supervisor', () => {
  test('starts real programs, and starts one again that dies; Ctrl-C leaves nothing behind, and a second start finds the data', async () => {
    const first = startHost('child');
    await untilSaid(first, 'READY');
    await query('create table kept (value int)');
    await query('insert into kept values (42)');

    const { pid } = await part('east.postgres');
    await control().act('east.postgres', 'kill');
    const again = await eventually(
      async () => {
        const now = await part('east.postgres');
        return now.restarts >= 1 && now.state === 'ready' && now.unready === undefined && now;
      },
      { withinMs },
    );
    expect(again.pid).not.toBe(pid);
    expect(await query('select value from kept')).toEqual([{ value: 42 }]);
    expect(first.said()).toMatch(/east\.postgres: was ended by SIGKILL; started again in 250 ms/);

    const members = await allOf(first);
    expect(members.length).toBeGreaterThan(5); // etcd ×3, postmaster and its workers, the dummy and its child
    first.child.kill('SIGINT');
    expect(await first.exit).toBe(0);
    await noneRuns(members);
    expect(await stillRunning(runtimeHome(hosts.directory).run)).toEqual([]);

    const second = startHost();
    await untilSaid(second, 'READY');
    expect(await query('select value from kept')).toEqual([{ value: 42 }]);
    second.child.kill('SIGTERM');
    expect(await second.exit).toBe(0);
  });

  test('a start that fails half-way says why, and leaves nothing behind', async () => {
    const running = startHost('broken');
    await untilSaid(running, 'east.dummy: exited with code 3');
    const members = await allOf(running);
    expect(members.length).toBeGreaterThan(3);
    expect(await running.exit).toBe(1);
    expect(running.said()).toMatch(/east\.dummy could not be started: exited with code 3 before it was ready/);
    expect(running.said()).toContain('this one is broken'); // the end of its log
    await noneRuns(members);
  });

  test('Ctrl-C in the middle of a start stops at once and leaves nothing behind', async () => {
    const running = startHost();
    await untilSaid(running, 'east.postgres: ready');
    const members = await allOf(running);
    running.child.kill('SIGINT');
    expect(await running.exit).not.toBe(null);
    await noneRuns(members);
  });

  test('what a killed supervisor left running is ended by the next start', async () => {
    const killed = startHost('child');
    await untilSaid(killed, 'READY');
    const members = await allOf(killed);
    killed.child.kill('SIGKILL');
    await killed.exit;
    expect((await stillRunning(runtimeHome(hosts.directory).run)).map(({ name }) => name).sort()).toEqual([
      'east.dummy',
      'east.etcd',
      'east.postgres',
      'west.etcd',
      'witness.etcd',
    ]);

    const next = startHost();
    await untilSaid(next, 'READY');
    expect(next.said()).toMatch(/east\.dummy \(pid \d+\) was left over from an earlier run: ended/);
    await noneRuns(members);
    next.child.kill('SIGTERM');
    expect(await next.exit).toBe(0);
  });

  test('a part that ignores its signal, and one that is paused, are stopped all the same', async () => {
    const running = startHost('stubborn');
    await untilSaid(running, 'READY');
    await control().act('east.postgres', 'pause');
    expect(await part('east.postgres')).toMatchObject({ state: 'paused' });
    const members = await allOf(running);
    await control().shutdown();
    expect(await running.exit).toBe(0);
    expect(running.said()).toContain('east.dummy: still there 10000 ms after SIGTERM: killed');
    await noneRuns(members);
  });

  test('a second runtime in the same home is refused; a taken port is told with its owner', async () => {
    const blocker: Server = createServer();
    await new Promise<void>((resolve) => blocker.listen(15_432, `${prefix}.2`, resolve));
    const blocked = startHost();
    expect(await blocked.exit).toBe(1);
    expect(blocked.said()).toContain(`port ${prefix}.2:15432: taken by pid ${process.pid}: `);
    await new Promise((resolve) => blocker.close(resolve));

    const first = startHost();
    await untilSaid(first, 'READY');
    const second = startHost();
    expect(await second.exit).toBe(1);
    expect(second.said()).toContain(`a runtime runs here already (pid ${first.child.pid})`);
    expect((await control().status()).phase).toBe('ready');
    expect(JSON.parse(await readFile(runtimeHome(hosts.directory).topology, 'utf8'))).toHaveProperty('regions.east');
    first.child.kill('SIGTERM');
    expect(await first.exit).toBe(0);
  });
});
