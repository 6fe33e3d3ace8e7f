import { Inject, Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { catchError, from, map, type Observable, switchMap } from 'rxjs';
import { consistencyTokenOf, headerNames, problem } from '#service-kit';
import type { ProgressWatch } from './progress-watch.ts';

export const PROGRESS_WATCH = Symbol('evenkeel:progress-watch');

/** Socket errors, and SQLSTATE classes 08 (connection), 53 (resources) and 57 (shut down, cancelled): the database is away. */
function databaseIsAway(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string') return /^(ECONN|ETIMEDOUT|EPIPE|ENOTFOUND|08|53|57)/.test(code);
  return typeof message === 'string' && /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout)/.test(message);
}

/**
 * Around a controller of reads: waits until this region shows what the request's consistency token names, else 503; repeats the
 * answer's own token in a header; answers 503 while the database is away.
 */
@Injectable()
export class ConsistentReads implements NestInterceptor {
  readonly #progress: ProgressWatch;

  constructor(@Inject(PROGRESS_WATCH) progress: ProgressWatch) {
    this.#progress = progress;
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return from(this.#progress.reached(consistencyTokenOf(request.headers))).pipe(
      switchMap((reached) => {
        if (!reached) throw problem('consistency-unreached', { headers: { 'retry-after': '1' } });
        return next.handle();
      }),
      map((answer: unknown) => {
        const { consistencyToken } = answer as { consistencyToken?: string };
        if (consistencyToken !== undefined) void reply.header(headerNames.consistencyToken, consistencyToken);
        void reply.header('cache-control', 'no-store');
        return answer;
      }),
      catchError((error: unknown) => {
        if (!databaseIsAway(error)) throw error;
        throw problem('unavailable', { detail: 'The projections cannot be read now.', headers: { 'retry-after': '1' }, cause: error });
      }),
    );
  }
}
