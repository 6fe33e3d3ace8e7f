import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { afterEach, describe, expect, it } from 'vitest';
import { region } from '#contracts';
import { startLinks, type Links } from '#embedded-runtime';
import { eventually, eventuallyHolds, freePorts } from '#test-kit';

const east = region('east');
const west = region('west');
const host = '127.0.0.1';

let links: Links | undefined;
const servers: Server[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await links?.close();
  links = undefined;
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

async function listening(onConnection: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {}); // resets are what some tests provoke
    onConnection(socket);
  });
  servers.push(server);
  server.listen({ host, port: 0 });
  await once(server, 'listening');
  return (server.address() as { port: number }).port;
}

const freePort = async (): Promise<number> => (await freePorts(1))[0]!;

/** A link by which west dials east's server. */
async function westDialsEast(onConnection: (socket: Socket) => void): Promise<() => Promise<Socket>> {
  const [target, listen] = [await listening(onConnection), await freePort()];
  links = await startLinks([
    { kind: 'tcp', name: 'kafka', from: west, to: east, listen: { host, port: listen }, target: { host, port: target } },
  ]);
  return async () => {
    const socket = connect({ host, port: listen, noDelay: true });
    sockets.push(socket);
    socket.on('error', () => {});
    await once(socket, 'connect');
    return socket;
  };
}

const echo = (socket: Socket): void => void socket.pipe(socket);

async function roundTripMs(socket: Socket): Promise<number> {
  const start = performance.now();
  socket.write('ping');
  await once(socket, 'data');
  return performance.now() - start;
}

/** What `socket` has received from now on, whenever it is asked. */
function receivedBy(socket: Socket): () => string {
  let text = '';
  socket.on('data', (bytes: Buffer) => void (text += bytes.toString()));
  return () => text;
}

/** What `socket` receives within `ms`. The wait is the observation: that nothing comes can only be seen by waiting. */
const receivedWithin = (socket: Socket, ms: number): Promise<string> =>
  new Promise((resolve) => {
    let text = '';
    const onData = (bytes: Buffer): void => void (text += bytes.toString());
    socket.on('data', onData);
    setTimeout(() => {
      socket.off('data', onData);
      resolve(text);
    }, ms);
  });

const closedBy = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    socket.on('close', () => resolve('closed'));
  });

describe('a delayed link', () => {
  it('delays each way on its own', async () => {
    const dial = await westDialsEast(echo);
    const socket = await dial();
    await roundTripMs(socket);
    links!.delay({ from: west, to: east, ms: 30, direction: 'one-way' });
    expect(await roundTripMs(socket)).toBeGreaterThanOrEqual(29);
    links!.delay({ from: east, to: west, ms: 50, direction: 'one-way' });
    const bothWays: number[] = [];
    // Asked until the machine did not stand still meanwhile.
    await eventually(async () => {
      const tookMs = await roundTripMs(socket);
      bothWays.push(tookMs);
      return tookMs < 200;
    });
    expect(Math.min(...bothWays)).toBeGreaterThanOrEqual(79);
    links!.heal();
    await eventually(async () => (await roundTripMs(socket)) < 29);
  });

  it('keeps the order of bytes when the delay falls', async () => {
    const dial = await westDialsEast(echo);
    const socket = await dial();
    links!.delay({ from: west, ms: 60 });
    socket.write('first ');
    const all = receivedBy(socket);
    setTimeout(() => {
      links!.heal();
      socket.write('second');
    }, 20);
    await eventuallyHolds(() => expect(all()).toBe('first second'));
  });

  it('carries megabytes at full speed, intact, and the end of the stream after the last byte', async () => {
    const sent = Buffer.alloc(32 * 1024 * 1024, 'evenkeel');
    const dial = await westDialsEast((socket) => socket.end(sent));
    links!.delay({ from: west, ms: 20 });
    const start = performance.now();
    const socket = await dial();
    const received: Buffer[] = [];
    socket.on('data', (bytes: Buffer) => received.push(bytes));
    socket.end();
    await once(socket, 'end');
    expect(Buffer.concat(received).equals(sent)).toBe(true);
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  it('meets a fast sender with back-pressure', async () => {
    let taken = 0;
    const dial = await westDialsEast((socket) => socket.pause());
    links!.delay({ from: west, ms: 5 });
    const socket = await dial();
    const chunk = Buffer.alloc(1024 * 1024);
    // Offers up to 256 MB for as long as the kernel takes them.
    await new Promise<void>((resolve) => {
      let idle = setTimeout(resolve, 500);
      const offer = (): void => {
        if (taken >= 256) return resolve();
        socket.write(chunk, () => {
          taken += 1;
          clearTimeout(idle);
          idle = setTimeout(resolve, 500);
          offer();
        });
      };
      offer();
    });
    expect(taken).toBeLessThan(64);
  });
});

describe('a silent cut', () => {
  it('one way: the other direction goes on, and what was held arrives after the heal', async () => {
    const inEast: Socket[] = [];
    const dial = await westDialsEast((socket) => inEast.push(socket));
    const socket = await dial();
    socket.write('hello');
    while (inEast.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const server = inEast[0]!;
    await once(server, 'data');

    const [byWest, byEast] = [receivedBy(socket), receivedBy(server)];
    links!.cut({ from: west, to: east, direction: 'one-way', how: 'silent' });
    socket.write('lost?');
    server.write('still here');
    await eventuallyHolds(() => expect(byWest()).toBe('still here'));
    expect(await receivedWithin(server, 100)).toBe('');
    expect(links!.status().directions).toContainEqual({ from: west, to: east, delayMs: 0, cut: 'silent' });
    expect(links!.status().directions).toContainEqual({ from: east, to: west, delayMs: 0, cut: 'none' });

    links!.heal();
    await eventuallyHolds(() => expect(byEast()).toBe('lost?'));
  });

  it('both ways: connections hang, new ones too, and go on after the heal', async () => {
    const dial = await westDialsEast(echo);
    const old = await dial();
    await roundTripMs(old);
    links!.cut({ from: east, direction: 'both', how: 'silent' });
    const young = await dial();
    young.write('b');
    old.write('a');
    expect(await Promise.all([receivedWithin(old, 100), receivedWithin(young, 100)])).toEqual(['', '']);
    const received = [receivedBy(old), receivedBy(young)];
    links!.heal({ from: west, to: east });
    await eventuallyHolds(() => expect(received.map((by) => by())).toEqual(['a', 'b']));
  });

  it('nobody is told that the other side has gone until the heal', async () => {
    const inEast: Socket[] = [];
    const dial = await westDialsEast((socket) => inEast.push(socket));
    const socket = await dial();
    socket.write('hello');
    while (inEast.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const gone = closedBy(inEast[0]!);
    links!.cut({ from: west, direction: 'both', how: 'silent' });
    socket.resetAndDestroy();
    expect(await Promise.race([gone, receivedWithin(inEast[0]!, 100).then(() => 'open')])).toBe('open');
    links!.heal();
    expect(await gone).toBe('ECONNRESET');
  });
});

it('a cut with reset resets what is open and what is new, until the heal', async () => {
  const dial = await westDialsEast(echo);
  const old = await dial();
  await roundTripMs(old);
  const oldEnds = closedBy(old);
  links!.cut({ from: east, to: west, direction: 'one-way', how: 'reset' });
  expect(await oldEnds).toBe('ECONNRESET');
  expect(await dial().then(closedBy, (error: NodeJS.ErrnoException) => error.code)).toBe('ECONNRESET');
  links!.heal();
  const back = await dial();
  await eventually(async () => (await roundTripMs(back)) < 1_000);
  expect(links!.status().listeners[0]!.connections).toBe(1);
});

it('a target that does not listen resets its dialler', async () => {
  const [listen, nobody] = [await freePort(), await freePort()];
  links = await startLinks([
    { kind: 'tcp', name: 'kafka', from: west, to: east, listen: { host, port: listen }, target: { host, port: nobody } },
  ]);
  const socket = connect({ host, port: listen });
  sockets.push(socket);
  expect(await closedBy(socket)).toMatch(/ECONNRESET|closed/);
});

it('listens at every address or at none, and says which is taken', async () => {
  const [taken, free] = [await listening(echo), await freePort()];
  const link = (name: string, port: number) =>
    ({ kind: 'tcp', name, from: west, to: east, listen: { host, port }, target: { host, port: 1 } }) as const;
  await expect(startLinks([link('order', free), link('kafka', taken)])).rejects.toThrow(`link kafka cannot listen at ${host}:${taken}`);
  links = await startLinks([link('order', free)]);
  expect(() => links!.cut({ from: region('north'), direction: 'both', how: 'silent' })).toThrow(
    'no link north->*; there are west->east, east->west',
  );
  expect(() => links!.delay({ from: west, ms: -1 })).toThrow(RangeError);
});
