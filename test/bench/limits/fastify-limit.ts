import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { processTable } from '../machine/process-table.ts';
import { postJson } from '#service-kit/post-json';

export interface RouteLimit {
  readonly requestsPerSecond: number;
  /** Of the server's process alone. */
  readonly serverCpuMsPerRequest: number;
}

const atOnce = 32;
const requestTimeoutMs = 10_000;
const body = Buffer.from(JSON.stringify({ lines: [1, 2, 3].map((line) => ({ sku: `bench-sku-${line}`, quantity: 1 })) }));

/**
 * An order's request and answer through a route that does nothing: 32 callers, each asking again when it is answered. Server and caller
 * share the machine, as they do in every other measurement here. @throws Error when a request fails
 */
export async function bareRoute({ seconds }: { readonly seconds: number }): Promise<RouteLimit> {
  const server = fork(join(import.meta.dirname, 'bare-route.process.ts'), { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  try {
    const [{ port }] = (await once(server, 'message')) as [{ readonly port: number }];
    const url = new URL(`http://127.0.0.1:${port}/v1/orders`);
    const cpuMs = (): number => processTable().find(({ pid }) => pid === server.pid)?.cpuMs ?? 0;
    const askFor = async (ms: number): Promise<{ readonly answered: number; readonly seconds: number }> => {
      const startedMs = performance.now();
      let answered = 0;
      const caller = async (): Promise<void> => {
        while (performance.now() - startedMs < ms) {
          const { status } = await postJson({ agent, url, body, timeoutMs: requestTimeoutMs, answerBytesMax: 1_024 });
          if (status !== 201) throw new Error(`the bare route answered ${status}`);
          answered += 1;
        }
      };
      await Promise.all(Array.from({ length: atOnce }, caller));
      return { answered, seconds: (performance.now() - startedMs) / 1000 };
    };
    await askFor(500 * seconds); // until both sides' code is compiled
    const before = cpuMs();
    const asked = await askFor(1_000 * seconds);
    return { requestsPerSecond: asked.answered / asked.seconds, serverCpuMsPerRequest: (cpuMs() - before) / asked.answered };
  } finally {
    agent.destroy();
    if (server.connected) server.disconnect();
  }
}
