import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { chmod, mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import {
  cutLinkSchema,
  delayLinkSchema,
  healLinkSchema,
  partActionSchema,
  regionActionBodySchema,
  regionActionSchema,
  type RuntimeControl,
} from './control.protocol.ts';

const bodyMaxBytes = 64 * 1024;

export interface ControlServer {
  close(): Promise<void>;
}

/** Listens at the socket, which only its owner may use. One supervisor per home: whoever starts has made sure of that. */
export async function startControlServer(socketPath: string, control: RuntimeControl): Promise<ControlServer> {
  await mkdir(dirname(socketPath), { recursive: true });
  await rm(socketPath, { force: true });
  const server = createServer((request, response) => void answer(control, request, response));
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socketPath, resolve));
  await chmod(socketPath, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(control: RuntimeControl, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const send = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  try {
    const found = route(control, `${request.method} ${request.url}`);
    if (found === undefined) return send(404, { detail: `nothing at ${request.method} ${request.url}` });
    send(200, (await found(await readBody(request))) ?? {});
  } catch (error) {
    const detail = error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : String(error);
    send(error instanceof z.ZodError ? 400 : 409, { detail });
  }
  return undefined;
}

type Handler = (body: unknown) => unknown;

function route(control: RuntimeControl, request: string): Handler | undefined {
  const part = /^POST \/parts\/([^/]+)\/([a-z]+)$/.exec(request);
  if (part !== null) return () => control.act(decodeURIComponent(part[1]!), partActionSchema.parse(part[2]));
  const region = /^POST \/regions\/([^/]+)\/([a-z-]+)$/.exec(request);
  if (region !== null) {
    const [name, action] = [decodeURIComponent(region[1]!), region[2]];
    if (action === 'force-new-etcd-cluster') return () => control.forceNewEtcdCluster(name);
    return (body) => control.actOnRegion(name, regionActionSchema.parse(action), regionActionBodySchema.parse(body));
  }
  const handlers: Record<string, Handler> = {
    'GET /status': () => control.status(),
    'GET /links': () => control.links(),
    'POST /links/delay': (body) => control.delay(delayLinkSchema.parse(body)),
    'POST /links/cut': (body) => control.cut(cutLinkSchema.parse(body)),
    'POST /links/heal': (body) => control.heal(healLinkSchema.parse(body)),
    'POST /shutdown': () => control.shutdown(),
  };
  return handlers[request];
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk as string;
    if (text.length > bodyMaxBytes) throw new Error(`a request has at most ${bodyMaxBytes} characters`);
  }
  return text === '' ? {} : JSON.parse(text);
}
