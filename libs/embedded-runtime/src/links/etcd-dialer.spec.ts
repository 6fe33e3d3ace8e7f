import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { isCompleteHead, processBehind, serverFrom } from './etcd-dialer.ts';

const head = (...lines: readonly string[]): Buffer => Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);

describe('the head of a peer request', () => {
  it('names the member that dials', () => {
    const stream = head(
      'GET /raft/stream/message/6e3bd23ae5f1eae0 HTTP/1.1',
      'Host: 127.0.0.1:12380',
      'X-Server-From: A8266ecf031671f3',
      'X-Server-Version: 3.4.0',
    );
    expect(serverFrom(stream)).toBe('a8266ecf031671f3');
    expect(isCompleteHead(stream)).toBe(true);
    expect(isCompleteHead(stream.subarray(0, -2))).toBe(false);
  });

  it('or does not: probes, versions, leases', () => {
    expect(serverFrom(head('POST /leases HTTP/1.1', 'Host: 127.0.0.1:12380'))).toBeUndefined();
  });
});

it.runIf(process.platform === 'linux')('the system knows the process behind a connection', async () => {
  const server = createServer().listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const socket = connect({ host: '127.0.0.1', port });
  await once(socket, 'connect');
  expect(processBehind(socket.localPort!, port, [1, process.pid])).toBe(process.pid);
  expect(processBehind(socket.localPort!, port, [process.ppid])).toBeUndefined();
  expect(processBehind(1, port, [process.pid])).toBeUndefined();
  socket.destroy();
  server.close();
});
