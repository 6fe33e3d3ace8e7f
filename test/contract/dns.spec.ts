/**
 * Real PowerDNS servers, as the embedded runtime runs them, before stand-ins for the storefronts: what clients are told while regions
 * come and go, and how long it takes.
 */
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { dnsProgram, ensurePrograms, findDnsServer, projectRoot, requirements, systemSchema, type System } from '#embedded-runtime';
import { eventually, eventuallyHolds, runProgram, type RunningProgram } from '#test-kit';
import embedded from '../../deploy/topology/embedded.json' with { type: 'json' };

const [eastAddress, westAddress] = ['127.0.9.2', '127.0.9.3'];
const systemWith = (homes: readonly string[]): System =>
  systemSchema.parse({
    ...embedded,
    homes,
    regions: [
      { name: 'east', address: eastAddress },
      { name: 'west', address: westAddress },
    ],
    witness: { ...embedded.witness, address: '127.0.9.4' },
  });

/** Refused connections are noticed at the next check, a silent one only at the end of a check; the rest is for a machine that stands still. */
const withinMs = 30_000;

/** Answers `/health/serving` as it is told to: what a storefront does that serves, does not, is killed, or is paused. */
class Storefront {
  readonly #address: string;
  readonly #port: number;
  /** Never answered. */
  readonly #hanging = new Set<ServerResponse>();
  #server: Server | undefined;
  #mode: 'serving' | 'refusing' | 'hanging' = 'serving';

  constructor(address: string, port: number) {
    this.#address = address;
    this.#port = port;
  }

  async become(mode: 'serving' | 'refusing' | 'hanging' | 'dead'): Promise<void> {
    if (mode === 'dead') return this.#close();
    this.#mode = mode;
    if (this.#server !== undefined) return;
    this.#server = createServer((request, response) => {
      if (this.#mode === 'hanging') this.#hanging.add(response);
      else response.writeHead(request.url === '/health/serving' && this.#mode === 'serving' ? 200 : 503, { connection: 'close' }).end('{}');
    });
    this.#server.listen({ host: this.#address, port: this.#port });
    await once(this.#server, 'listening');
  }

  async #close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

let directory: string;
let servers: RunningProgram[];
let east: Storefront;
let west: Storefront;

beforeAll(async () => {
  await ensurePrograms({ needed: requirements({ jarsArePresent: true }).filter(({ what }) => what === 'PowerDNS'), report: console.log });
  directory = await mkdtemp(join(tmpdir(), 'evenkeel-dns-'));
  servers = [];
  const { ports } = systemWith(['east', 'west']);
  east = new Storefront(eastAddress, ports.storefront);
  west = new Storefront(westAddress, ports.storefront);
});

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

afterAll(async () => {
  for (const storefront of [east, west]) await storefront.become('dead');
  await rm(directory, { recursive: true, force: true });
});

async function start(system: System): Promise<void> {
  const server = await findDnsServer();
  expect(server).toHaveProperty('command');
  for (const region of system.regions) {
    const dataDir = join(directory, `${region.name}.dns`);
    servers.push(await runProgram(dnsProgram({ system, region, templates: join(projectRoot(), 'deploy', 'dns'), dataDir, server })));
  }
}

async function ask(system: System, at: string, name = system.dns.name): Promise<readonly { address: string; ttl: number }[]> {
  const resolver = new Resolver({ timeout: 10_000, tries: 1 });
  resolver.setServers([`${at}:${system.dns.port}`]);
  return resolver.resolve4(name, { ttl: true });
}

/** How long until both servers answer just so, from now. */
async function bothAnswer(system: System, what: string, ...addresses: readonly string[]): Promise<void> {
  const beganMs = performance.now();
  const times = await Promise.all(
    [eastAddress, westAddress].map(async (at) => {
      await eventually(
        async () => {
          const answered = (await ask(system, at)).map(({ address }) => address).toSorted();
          if (answered.join() !== addresses.join()) throw new Error(`${at} answers ${answered.join(' and ')}`);
          return true;
        },
        { withinMs, everyMs: 20 },
      );
      return performance.now() - beganMs;
    }),
  );
  console.log(`${what}: ${addresses.join(' and ')} after ${times.map((ms) => ms.toFixed(0)).join(' and ')} ms`);
}

describe('two regions that are both homes', () => {
  const system = systemWith(['east', 'west']);

  it('are both named while both serve, and one while the other does not, hangs or is dead', { timeout: 300_000 }, async () => {
    for (const storefront of [east, west]) await storefront.become('serving');
    await start(system);
    await bothAnswer(system, 'both serve', eastAddress, westAddress);
    for (const at of [eastAddress, westAddress]) expect(new Set((await ask(system, at)).map(({ ttl }) => ttl))).toEqual(new Set([1]));
    for (const [mode, storefront, left] of [
      ['refusing', east, westAddress],
      ['dead', east, westAddress],
      ['hanging', west, eastAddress],
    ] as const) {
      await storefront.become(mode);
      await bothAnswer(system, `one is ${mode}`, left);
      await storefront.become('dead'); // what hangs is let go
      await storefront.become('serving');
      await bothAnswer(system, 'it serves again', eastAddress, westAddress);
    }
  });

  it('are both named when neither serves, and a region has a name of its own that no check withholds', async () => {
    for (const storefront of [east, west]) await storefront.become('refusing');
    await start(system);
    await bothAnswer(system, 'none serves', eastAddress, westAddress);
    expect((await ask(system, eastAddress, `west.${system.dns.name}`)).map(({ address }) => address)).toEqual([westAddress]);
    await expect(ask(system, eastAddress, `north.${system.dns.name}`)).rejects.toThrow('ENOTFOUND');
  });

  it('a server that starts while a region is lost is ready only when it leaves that region out', async () => {
    await east.become('dead');
    await west.become('serving');
    // Readiness was a question over the wire: it is warm then, and no first answer is an unchecked one. Servers are started anew when this
    // process, and with it the region that serves, stood still between the two questions.
    await eventuallyHolds(
      async () => {
        for (const server of servers.splice(0)) await server.stop();
        await start(system);
        for (const at of [eastAddress, westAddress]) expect((await ask(system, at)).map(({ address }) => address)).toEqual([westAddress]);
      },
      { withinMs: 60_000 },
    );
  });
});

describe('a home and a region that stands by', () => {
  const system = systemWith(['east']);

  it('the home is named while it serves, the other one when it does not', async () => {
    for (const storefront of [east, west]) await storefront.become('serving');
    await start(system);
    await bothAnswer(system, 'the home serves', eastAddress);
    await east.become('dead');
    await bothAnswer(system, 'the home is dead', westAddress);
    await east.become('serving');
    await bothAnswer(system, 'the home serves again', eastAddress);
  });
});
