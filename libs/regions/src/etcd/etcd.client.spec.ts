import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, it } from 'vitest';
import { eventually } from '#test-kit';
import { EtcdClient, EtcdUnknownError } from './etcd.client.ts';

/** What etcd's contract test cannot order: a member that closes, or falls silent, at a chosen moment. */
interface Member {
  readonly url: string;
  /** Of each request in turn: what it asked for. */
  readonly asked: string[];
  connections: number;
  /** Default: an empty answer. */
  answer: (response: ServerResponse, request: IncomingMessage) => void;
}

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const empty = (response: ServerResponse): void => void response.end('{"header":{"revision":"7"},"result":{"TTL":"2"},"succeeded":true}');
const hangUp = (response: ServerResponse): void => void response.socket?.destroy();
const silent = (): void => undefined;

async function member(answer: Member['answer'] = empty): Promise<Member> {
  const server = createServer((request, response) => {
    void text(request).then(() => {
      at.asked.push(request.url ?? '');
      at.answer(response, request);
    });
  });
  server.on('connection', () => (at.connections += 1));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const at: Member = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: [], connections: 0, answer };
  return at;
}

function clientOf(members: readonly Member[], deadlineMs = 5_000): EtcdClient {
  const client = new EtcdClient({ endpoints: members.map(({ url }) => url), deadlineMs });
  closing.push(() => client.close());
  return client;
}

const swap = (client: EtcdClient): Promise<unknown> => client.putIf('k', 1, 'v');

/** The member answers the next request so, and all after it as before. */
function nextAnswer(of: Member, answer: Member['answer']): void {
  const usual = of.answer;
  of.answer = (response, request) => {
    of.answer = usual;
    answer(response, request);
  };
}

it('reads and renewals that follow each other use one connection', async () => {
  const etcd = await member();
  const client = clientOf([etcd]);
  for (let n = 0; n < 5; n++) {
    expect(await client.get('k')).toEqual({ entry: undefined, revision: 7 });
    expect(await client.keepLeaseAlive('1')).toBe(2);
  }
  expect(etcd.connections).toBe(1);
});

it.each([
  ['read', (client: EtcdClient) => client.get('k')],
  ['renewal', (client: EtcdClient) => client.keepLeaseAlive('1')],
  [
    'transaction that only reads',
    (client: EtcdClient) => client.transact({ when: [], success: [{ prefix: 'k' }], failure: [{ get: 'k' }] }),
  ],
])('a %s whose kept connection turns out to be closed is asked once more, on a new one', async (_, ask) => {
  const etcd = await member();
  const client = clientOf([etcd]);
  await client.get('k');
  nextAnswer(etcd, hangUp);
  await ask(client);
  expect([etcd.asked.length, etcd.connections]).toEqual([3, 2]);
});

it('a read that is hung up on over a new connection is unknown: nothing says that another try would end otherwise', async () => {
  const etcd = await member();
  const client = clientOf([etcd]);
  await client.get('k');
  etcd.answer = hangUp;
  await expect(client.get('k')).rejects.toThrow(EtcdUnknownError);
  expect(etcd.asked.length).toBe(3);
});

it('a transaction that writes is sent once, on a connection of its own, and is unknown when that is lost', async () => {
  const etcd = await member();
  const client = clientOf([etcd]);
  await client.get('k');
  nextAnswer(etcd, hangUp);
  await expect(swap(client)).rejects.toThrow(EtcdUnknownError);
  expect(etcd.asked).toEqual(['/v3/kv/range', '/v3/kv/txn']);
  expect(etcd.connections).toBe(2);
});

it('an answer that breaks off is unknown, also to a read', async () => {
  const etcd = await member();
  const client = clientOf([etcd]);
  await client.get('k');
  etcd.answer = (response) => void response.write('{"header":', () => response.socket?.destroy());
  await expect(client.get('k')).rejects.toThrow(EtcdUnknownError);
  expect(etcd.asked.length).toBe(2);
});

it('a member that says nothing is given up at the deadline, and the next call asks another', async () => {
  const [mute, other] = [await member(silent), await member()];
  const client = clientOf([mute, other], 2_500); // the other one is to answer within it, on a busy machine too
  await expect(client.get('k')).rejects.toThrow('etcd /v3/kv/range: no answer within 2500 ms');
  expect((await client.get('k')).revision).toBe(7);
  expect([mute.asked.length, other.asked.length]).toEqual([1, 1]);
});

it('calls that fail together move on to the next member once, not past it', async () => {
  const [mute, other] = [await member(silent), await member()];
  const client = clientOf([mute, other], 2_500);
  await Promise.allSettled([client.get('k'), client.get('k'), client.keepLeaseAlive('1'), client.get('k')]);
  expect((await client.get('k')).revision).toBe(7);
  expect([mute.asked.length, other.asked.length]).toEqual([4, 1]);
});

it('the first member is asked again after a while: it is the nearest', async () => {
  const [first, other] = [await member(hangUp), await member()];
  const client = new EtcdClient({ endpoints: [first.url, other.url], deadlineMs: 5_000, firstAgainMs: 100 });
  closing.push(() => client.close());
  await expect(client.get('k')).rejects.toThrow(EtcdUnknownError);
  first.answer = empty;
  await eventually(async () => (await client.get('k')).revision === 7 && first.asked.length > 1, { withinMs: 10_000 });
});

it('an answer that begins and does not end is given up at the deadline', async () => {
  const etcd = await member((response) => void response.write('{'));
  await expect(clientOf([etcd], 50).get('k')).rejects.toThrow('no answer within 50 ms');
});

it('a refusal is unknown, with its words, and an answer without bounds is given up', async () => {
  const etcd = await member((response) => void response.writeHead(503).end('no leader'));
  const client = clientOf([etcd]);
  await expect(client.get('k')).rejects.toThrow('etcd /v3/kv/range: 503 no leader');
  etcd.answer = (response) => void response.end(Buffer.alloc(17 * 1024 * 1024, ' '));
  await expect(client.get('k')).rejects.toThrow('the answer is longer than');
});

it('calls under way end as unknown when the client is closed, and so do later ones', async () => {
  const etcd = await member(silent);
  const client = clientOf([etcd]);
  const asking = client.get('k');
  client.close();
  await expect(asking).rejects.toThrow('the client is closed');
  await expect(client.get('k')).rejects.toThrow(EtcdUnknownError);
});
