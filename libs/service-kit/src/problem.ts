import { problemKinds, problemTypeOf, type FieldError, type Problem, type ProblemCode } from '#contracts';

export const problemContentType = 'application/problem+json; charset=utf-8';
const errorsMax = 50;

export interface ProblemOptions {
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Another status than the code's usual one: only where a table of refusals says so. */
  readonly status?: number;
  readonly cause?: unknown;
}

/** What a controller throws to answer with a problem. Not a fault: nothing is logged. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly detail: string | undefined;
  readonly errors: readonly FieldError[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: string, options: ProblemOptions & { readonly status: number; readonly title: string }) {
    super(options.detail ?? options.title, { cause: options.cause });
    this.code = code;
    this.status = options.status;
    this.title = options.title;
    this.detail = options.detail;
    this.errors = (options.errors ?? []).slice(0, errorsMax);
    this.headers = options.headers ?? {};
  }
}

/** `throw problem('unknown-sku', { errors: [{ field: 'lines[2].sku', message: 'not in the catalogue' }] })` */
export function problem(code: ProblemCode, options: ProblemOptions = {}): ProblemError {
  const kind = problemKinds[code];
  return new ProblemError(code, { ...options, status: options.status ?? kind.status, title: kind.title });
}

/** For a domain's refusal whose code is its own (`line-not-shipped`): the code is the contract, the title says it in words. */
export const refusalProblem = (code: string, status: number, options: Omit<ProblemOptions, 'status'> = {}): ProblemError =>
  code in problemKinds
    ? problem(code as ProblemCode, { ...options, status })
    : new ProblemError(code, { ...options, status, title: code.replaceAll('-', ' ') });

export interface ProblemPlace {
  readonly instance: string;
  readonly traceId: string | undefined;
}

/** The body of the answer. */
export function problemBody(error: ProblemError, place: ProblemPlace): Problem {
  return {
    type: problemTypeOf(error.code),
    title: error.title,
    status: error.status,
    code: error.code,
    ...(error.detail === undefined ? {} : { detail: error.detail }),
    instance: place.instance,
    ...(error.errors.length === 0 ? {} : { errors: [...error.errors] }),
    ...(place.traceId === undefined ? {} : { traceId: place.traceId }),
  };
}
