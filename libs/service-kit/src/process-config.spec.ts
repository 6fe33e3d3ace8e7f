import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadProcessConfig } from './process-config.ts';

const url = ['http://127.0.0.2:1'];
const addresses = {
  kafka: { brokers: ['127.0.0.2:9092'] },
  postgres: 'postgres://127.0.0.2:15432/evenkeel',
  etcd: url,
  services: { storefront: url, order: url, inventory: url, payment: url, agent: url },
  peers: {},
};
const topology = {
  homes: ['east'],
  catalogue: 'east',
  partitions: 6,
  regions: { east: addresses },
  identity: { issuer: 'i', audience: 'a', jwksUrl: url[0] },
  paymentProvider: { url: url[0] },
};

const directory = mkdtempSync(join(tmpdir(), 'evenkeel-config-'));
const file = (name: string, text: string): string => {
  writeFileSync(join(directory, name), text);
  return join(directory, name);
};
let good: Record<string, string>;
beforeAll(() => {
  good = {
    EVENKEEL_TOPOLOGY: file('good.json', JSON.stringify(topology)),
    EVENKEEL_REGION: 'east',
    EVENKEEL_INSTANCE: '2',
    EVENKEEL_LISTEN: '127.0.0.2:8081',
  };
});
afterAll(() => rmSync(directory, { recursive: true }));

it('reads four variables and the topology', () => {
  expect(loadProcessConfig(good)).toMatchObject({
    region: 'east',
    instance: 2,
    listen: { host: '127.0.0.2', port: 8081 },
    addresses: { etcd: url },
  });
  expect(loadProcessConfig({ ...good, EVENKEEL_LISTEN: '[::1]:0' }).listen).toEqual({ host: '[::1]', port: 0 });
});

it.each([
  ['EVENKEEL_TOPOLOGY', '', 'is not set'],
  ['EVENKEEL_TOPOLOGY', '/nowhere/topology.json', 'cannot read'],
  ['EVENKEEL_REGION', 'north', 'the topology has no region "north" (it has east)'],
  ['EVENKEEL_INSTANCE', '0', 'expected an instance number'],
  ['EVENKEEL_LISTEN', '8081', 'expected host:port'],
  ['EVENKEEL_LISTEN', '127.0.0.2:99999', 'expected a port'],
])('names %s when it is %j', (name, value, message) => {
  const load = () => loadProcessConfig({ ...good, [name]: value });
  expect(load).toThrow(name);
  expect(load).toThrow(message);
});

it('names the field of a topology that is wrong', () => {
  const wrong = file('wrong.json', JSON.stringify({ ...topology, regions: { east: { ...addresses, etcd: [] } } }));
  expect(() => loadProcessConfig({ ...good, EVENKEEL_TOPOLOGY: wrong })).toThrow('regions.east.etcd');
  expect(() => loadProcessConfig({ ...good, EVENKEEL_TOPOLOGY: file('broken.json', '{') })).toThrow('is not JSON');
});
