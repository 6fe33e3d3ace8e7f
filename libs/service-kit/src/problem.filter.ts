import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
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
  void reply
    .status(found.status)
    .headers(found.headers)
    .header('content-type', problemContentType)
    .send(JSON.stringify(problemBody(found, { instance: pathOf(request.url), traceId })));
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
