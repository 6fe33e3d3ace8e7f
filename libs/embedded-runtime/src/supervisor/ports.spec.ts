import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { describePortProblems, findPortProblems, listeningInode, portOwner } from './ports.ts';

const table = [
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
  '   0: 0200007F:2384 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1001 1 0 100 0 0 10 0',
  '   1: 0300007F:2384 0200007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 1002 1 0 100 0 0 10 0',
  '   2: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1003 1 0 100 0 0 10 0',
  '   3: 0000000000000000FFFF00000400007F:2384 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 1004 1 0 100 0 0 10 0',
].join('\n');

describe('who listens, from the table of sockets', () => {
  test.each([
    ['127.0.0.2', 9092, '1001'],
    ['127.0.0.3', 9092, undefined], // connected, not listening
    ['127.0.0.9', 80, '1003'], // at every address
    ['127.0.0.4', 9092, '1004'], // IPv4 in IPv6
    ['127.0.0.2', 9093, undefined],
  ])('%s:%d', (host, port, inode) => expect(listeningInode(table, { host, port })).toBe(inode));
});

test('a port that is taken is found with the process that has it; a free one is no problem', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const at = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  expect((await portOwner(at))?.pid).toBe(process.pid);
  const [found] = await findPortProblems([at]);
  expect(found).toMatchObject({ problem: 'taken', by: { pid: process.pid } });
  await new Promise((resolve) => server.close(resolve));
  expect(await findPortProblems([at])).toEqual([]);
});

test('a program that holds many ports is told in one line', () => {
  const by = { pid: 7, command: 'postgres -D x' };
  const problems = [1, 2].map((port) => ({ problem: 'taken', at: { host: '127.0.0.2', port }, by }) as const);
  expect(describePortProblems([...problems, { problem: 'no-address', at: { host: '127.0.0.3', port: 1 } }])).toEqual([
    'ports 127.0.0.2:1, 127.0.0.2:2: taken by pid 7: postgres -D x',
    'port 127.0.0.3:1: this machine has no address 127.0.0.3',
  ]);
});
