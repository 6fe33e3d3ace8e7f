import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { problemBody, problemContentType } from './problem.ts';
import { problemFromError } from './problem-from-error.ts';
import { traceIdOf } from './request-trace.ts';

export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Logger): void {
  const found = problemFromError(error);
  const traceId = traceIdOf(request);
  if (found.status === 500)
    log.error({ err: found.cause ?? error, traceId, method: request.method, url: pathOf(request.url) }, 'request failed');
  if (reply.sent || reply.raw.headersSent) {
    reply.raw.destroy(); // half an answer must not look like a whole one
    return;
  }
  const send = (): void =>
    void reply
      .status(found.status)
      .headers(found.headers)
      .header('content-type', problemContentType)
      .send(JSON.stringify(problemBody(found, { instance: pathOf(request.url), traceId })));
  if (found.status === 413) readRest(request.raw, send);
  else send();
}

const restBytesMax = 16 * 1024 * 1024;
const restTimeoutMs = 2_000;

/**
 * Calls back when the rest of a refused body is read, or too much or too slow to be worth it. A connection that is closed on a
 * client which still sends is reset, and the answer is lost with it.
 */
function readRest(request: IncomingMessage, then: () => void): void {
  let bytes = 0;
  const done = (): void => {
    clearTimeout(timer);
    request.off('data', count).off('end', done).off('close', done).off('error', done);
    then();
  };
  const count = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes > restBytesMax) done();
  };
  const timer = setTimeout(done, restTimeoutMs);
  if (request.readableEnded || request.destroyed) done();
  else request.on('data', count).on('end', done).on('close', done).on('error', done).resume();
}

const pathOf = (url: string): string => url.split('?', 1)[0] ?? url;

/** The one place where an error becomes an answer: always application/problem+json. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #log: Logger;
  constructor(log: Logger) {
    this.#log = log;
  }
  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    sendProblem(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>(), this.#log);
  }
}
