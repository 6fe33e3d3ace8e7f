import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { promotionConfirmation, region, type HistoryEntry, type Topology } from '#contracts';
import { z } from 'zod';
import { askAgents, postToAgent, readHistory, readStranded, regionNamed, tellAgents } from './agents.ts';
import { whatMayBeLost } from './promote-region.verb.ts';

const entry = (name: string, second: number): HistoryEntry => ({
  at: `2026-11-21T12:00:0${second}.000Z`,
  region: region(name),
  instance: 1,
  term: 1,
  event: 'rested',
  because: '',
  details: {},
});

let east: Server;
let posted: { path: string; token: string | undefined; body: string }[];
let topology: Topology;
let postStatus: number;

beforeEach(async () => {
  posted = [];
  postStatus = 202;
  east = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
    request.on('end', () => {
      const path = request.url ?? '';
      if (request.method === 'POST') posted.push({ path, token: request.headers.authorization, body });
      const answer = path.startsWith('/history')
        ? { entries: [entry('east', 1), entry('east', 3)] }
        : path === '/stranded'
          ? { commits: [] }
          : { evacuated: ['west'] };
      response.writeHead(request.method === 'POST' ? postStatus : 200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
  });
  east.listen(0, '127.0.0.1');
  await once(east, 'listening');
  const url = `http://127.0.0.1:${(east.address() as AddressInfo).port}`;
  const silent = 'http://127.0.0.1:1';
  topology = { regions: { east: { services: { agent: [silent, url] } }, west: { services: { agent: [silent] } } } } as unknown as Topology;
});
afterEach(() => east.close());

it('a region is told of by the first of its agents that answers; one that is silent is named', async () => {
  const history = await readHistory(topology, 10);
  expect(history.entries.map(({ at }) => at)).toEqual([entry('east', 1).at, entry('east', 3).at]);
  expect(history.silent).toMatchObject([{ region: 'west' }]);
  expect((await readHistory(topology, 1)).entries).toEqual([entry('east', 3)]);
  expect(await readStranded(topology)).toMatchObject({ commits: [], silent: [{ region: 'west' }] });
});

it('an agent that does not answer as it should is shown with its reason', async () => {
  const agents = await askAgents(topology);
  expect(agents).toHaveLength(3);
  expect(agents.every(({ status, error }) => status === undefined && error !== undefined)).toBe(true);
});

it("a wish is told to the region's own agent, else to another region's, with the operator's token", async () => {
  const answer = z.looseObject({ evacuated: z.array(z.string()) });
  const regions = [region('west'), region('east')];
  const told = await postToAgent(topology, { regions, path: '/wishes/evacuate', body: { region: 'west' }, answer, token: 't' });
  expect(told.evacuated).toEqual(['west']);
  expect(posted).toEqual([{ path: '/wishes/evacuate', token: 'Bearer t', body: '{"region":"west"}' }]);
  const nobody = postToAgent(topology, { regions: [region('west')], path: '/wishes/evacuate', body: {}, answer, token: 't' });
  await expect(nobody).rejects.toThrow('does not answer');
});

it('a region must be one of the topology, and promotion says what may be lost', () => {
  expect(() => regionNamed(topology, 'north')).toThrow('no region north; there are east, west');
  expect(whatMayBeLost(region('west'), [region('east')])).toContain('orders that east acknowledged and that west has not mirrored');
  expect(promotionConfirmation([region('east')])).toBe('east is down and what it alone holds may be lost');
});

it('each agent of a region is told; one that cannot now has heard it, one that is not reached is named, one that says no ends it', async () => {
  const post = { regions: [region('east')], path: '/promote', body: { confirm: 'yes' }, answer: z.looseObject({}), token: 't' };
  for (const status of [202, 503]) {
    postStatus = status;
    expect(await tellAgents(topology, post)).toEqual([expect.stringContaining('http://127.0.0.1:1/promote does not answer')]);
  }
  expect(posted.map(({ path }) => path)).toEqual(['/promote', '/promote']);
  postStatus = 409;
  await expect(tellAgents(topology, post)).rejects.toThrow('answered 409');
});
