import { HttpException } from '@nestjs/common';
import type { ProblemCode } from '#contracts';
import { problem, ProblemError } from './problem.ts';

/** What Fastify, Node's HTTP parser and Nest throw, by their stable codes. */
const byFrameworkCode: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed-json',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed-json',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed-request',
  FST_ERR_BAD_URL: 'malformed-request',
  FST_ERR_MAX_PARAM_LENGTH: 'uri-too-long',
  FST_ERR_HANDLER_TIMEOUT: 'outcome-unknown',
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
};

const byStatus: Readonly<Record<number, ProblemCode>> = {
  400: 'malformed-request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  408: 'request-timeout',
  409: 'conflict',
  413: 'body-too-large',
  414: 'uri-too-long',
  415: 'unsupported-media-type',
  422: 'not-processable',
  429: 'too-many-requests',
  503: 'unavailable',
};

const numberAt = (error: object, key: string): number | undefined => {
  const value: unknown = (error as Record<string, unknown>)[key];
  return typeof value === 'number' ? value : undefined;
};

/** The problem that an error is answered with. What nobody foresaw is `internal`, and tells nothing of its inside. */
export function problemFromError(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof HttpException) return fromStatus(error.getStatus(), error);
  if (typeof error !== 'object' || error === null) return problem('internal', { cause: error });
  const code: unknown = (error as Record<string, unknown>)['code'];
  const known = typeof code === 'string' ? byFrameworkCode[code] : undefined;
  if (known !== undefined) return problem(known, { cause: error });
  const status = numberAt(error, 'statusCode');
  if (error instanceof SyntaxError && status === 400) return problem('malformed-json', { cause: error });
  return status !== undefined && typeof code === 'string' && code.startsWith('FST_')
    ? fromStatus(status, error)
    : problem('internal', { cause: error });
}

function fromStatus(status: number, cause: unknown): ProblemError {
  const code = byStatus[status];
  return code === undefined ? problem('internal', { cause }) : problem(code, { cause });
}
