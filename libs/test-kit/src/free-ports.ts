import { createServer, type Server } from 'node:net';

/**
 * Below those that Linux hands to whoever asks for any, and a thousand for each worker of vitest: nobody else is given one before it is
 * used.
 */
const firstPort = 20_000 + 1_000 * (Number(process.env['VITEST_POOL_ID'] ?? 0) % 12);
const portsOfAWorker = 1_000;
/** Not where the process before this one began: what that one started may not have ended yet. */
let tried = process.pid * 37;

/** Ports of the loopback address that were free a moment ago. All are held at once, so they differ. */
export async function freePorts(count: number, host = '127.0.0.1'): Promise<number[]> {
  const servers = new Map<number, Server>();
  for (const last = tried + portsOfAWorker; servers.size < count && tried < last; tried++) {
    const port = firstPort + (tried % portsOfAWorker);
    const server = await listening(host, port);
    if (server !== undefined) servers.set(port, server);
  }
  await Promise.all([...servers.values()].map((server) => new Promise((resolve) => server.close(resolve))));
  if (servers.size < count) throw new Error(`of the ports from ${firstPort} on at ${host} only ${servers.size} are free`);
  return [...servers.keys()];
}

/** Undefined: it is taken. */
const listening = (host: string, port: number): Promise<Server | undefined> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    server.listen({ host, port }, () => resolve(server));
  });
