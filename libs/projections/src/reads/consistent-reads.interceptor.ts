import { Inject, Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { catchError, from, map, type Observable, switchMap } from 'rxjs';
import { consistencyTokenOf, headerNames, problem } from '#service-kit';
import type { ProgressWatch } from './progress-watch.ts';

export const PROGRESS_WATCH = Symbol('evenkeel:progress-watch');

/**
 * Socket errors, and SQLSTATE classes 08 (connection), 53 (resources), 57 (shut down, cancelled) and 58 (its files are gone): the database is
 * away. 3D000, 3F000, 42P01: it is there, without the database, schema or table that the projector rebuilds now.
 */
function cannotBeReadNow(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string') return /^(ECONN|ETIMEDOUT|EPIPE|ENOTFOUND|08|53|57|58|3D000|3F000|42P01)/.test(code);
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
        if (!cannotBeReadNow(error)) throw error;
        throw problem('unavailable', { detail: 'The projections cannot be read now.', headers: { 'retry-after': '1' }, cause: error });
      }),
    );
  }
}
