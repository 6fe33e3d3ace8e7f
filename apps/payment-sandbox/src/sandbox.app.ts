import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { z, ZodError } from 'zod';
import type { Logger } from 'pino';
import { faultsSchema, faultSchema } from './faults.ts';
import { operationSchemas, type Operation, type OperationKind } from './operations.ts';
import { Provider } from './provider.ts';

const keySchema = z.string().regex(/^[\x21-\x7e]{1,200}$/);
const pageSchema = z.object({
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(5_000).default(1_000),
});
const paths: Readonly<Record<string, OperationKind>> = {
  '/v1/authorizations': 'authorize',
  '/v1/captures': 'capture',
  '/v1/voids': 'void',
  '/v1/refunds': 'refund',
};

export interface Sandbox {
  readonly app: FastifyInstance;
  close(): Promise<void>;
}

/**
 * A payment provider over HTTP that a test can order faults from. Answers of operations: 200 with an outcome; 422 when a key is
 * used again with another body; 400 for what it cannot read; 500 when the disk fails, which tells the caller nothing.
 */
export async function buildSandbox(options: { readonly directory: string; readonly log: Logger }): Promise<Sandbox> {
  const provider = await Provider.open(options.directory);
  const app = Fastify({
    logger: false,
    bodyLimit: 64 * 1024,
    keepAliveTimeout: 60_000,
    forceCloseConnections: true,
  });
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof ZodError) return problem(reply, 400, 'invalid-request', z.prettifyError(error));
    const status = (error as { statusCode?: number }).statusCode ?? 500;
    if (status >= 500) options.log.error(error);
    return problem(reply, status, status >= 500 ? 'failed' : 'invalid-request', (error as Error).message);
  });
  for (const [path, kind] of Object.entries(paths)) app.post(path, (request, reply) => operate(provider, kind, request, reply));

  app.get('/v1/ledger', (request) => {
    const { offset, limit } = pageSchema.parse(request.query);
    const payments = provider.ledger.page(offset, limit);
    return { payments, next: payments.length === limit ? offset + limit : null };
  });
  app.get('/v1/ledger/summary', () => ({ ...provider.ledger.summary(), operations: provider.operations }));
  app.get('/v1/faults', () => provider.faults.list());
  app.put('/v1/faults', (request) => {
    provider.faults.replace(Array.isArray(request.body) ? faultsSchema.parse(request.body) : [faultSchema.parse(request.body)]);
    return provider.faults.list();
  });
  app.delete('/v1/faults', (_request, reply) => {
    provider.faults.replace([]);
    return reply.code(204).send();
  });
  app.get('/health/live', () => ({ status: 'live' }));
  app.get('/health/ready', () => ({ status: 'ready' }));
  await app.ready();
  return {
    app,
    close: async () => {
      await app.close();
      await provider.close();
    },
  };
}

async function operate(provider: Provider, kind: OperationKind, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const key = keySchema.safeParse(request.headers['idempotency-key']);
  if (!key.success) return problem(reply, 400, 'idempotency-key-required', 'Idempotency-Key: 1 to 200 visible ASCII characters');
  const operation = { kind, ...operationSchemas[kind].parse(request.body) } as Operation;
  const fault = provider.strike(operation, key.data);
  if (fault?.kind === 'timeout') return silence(reply, fault.ms);

  const performed = await provider.perform(operation, key.data, fault?.kind === 'decline');
  if (performed.kind === 'key-reused') return problem(reply, 422, 'idempotency-key-reused', 'this key was used with another request');
  switch (fault?.kind) {
    case 'late':
      await new Promise((resolve) => setTimeout(resolve, fault.ms));
      break;
    case 'fail-after-charging':
      return problem(reply, 500, 'ordered-fault', 'ordered: fails after it was done');
    case 'reset-after-charging':
      reply.hijack();
      reply.raw.socket?.resetAndDestroy();
      return reply;
    case 'decline':
    case undefined:
      break;
  }
  return reply.send(performed.answer);
}

/** Never answers; lets go of the connection after `ms`, so that nothing is held for ever. */
function silence(reply: FastifyReply, ms: number): FastifyReply {
  reply.hijack();
  const timer = setTimeout(() => reply.raw.destroy(), ms);
  timer.unref();
  reply.raw.once('close', () => clearTimeout(timer));
  return reply;
}

const problem = (reply: FastifyReply, status: number, code: string, detail: string): FastifyReply =>
  reply
    .code(status)
    .type('application/problem+json')
    .send({ type: `urn:payment-sandbox:${code}`, title: code, status, code, detail });
