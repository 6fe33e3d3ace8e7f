import { problemKinds, problemSchema, type FieldError, type ProblemCode } from '#contracts/browser';

interface ProblemFacts {
  readonly title: string;
  /** For people; may change. */
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  /** To be told to whoever looks into it. */
  readonly traceId?: string;
}

type Known = {
  readonly [Code in ProblemCode]: ProblemFacts & { readonly code: Code; readonly status: (typeof problemKinds)[Code]['status'] };
}[ProblemCode];

/** A problem of the API (RFC 9457), told apart by `code`. `unrecognised`: newer than this client; read `status`. */
export type ApiProblem = Known | (ProblemFacts & { readonly code: 'unrecognised'; readonly originalCode: string; readonly status: number });

/** The problem that an answer tells of; undefined when it is none of the API's: a proxy's page, or a status that does not fit. */
export function problemOf(status: number, contentType: string | null, body: unknown): ApiProblem | undefined {
  if (contentType?.startsWith('application/problem+json') !== true) return undefined;
  const parsed = problemSchema.safeParse(body);
  if (!parsed.success || parsed.data.status !== status) return undefined;
  const { code, title, detail, errors, traceId } = parsed.data;
  const facts = {
    title,
    ...(detail === undefined ? {} : { detail }),
    ...(errors === undefined ? {} : { errors }),
    ...(traceId === undefined ? {} : { traceId }),
  };
  if (Object.hasOwn(problemKinds, code) && problemKinds[code as ProblemCode].status === status) return { ...facts, code, status } as Known;
  return { ...facts, code: 'unrecognised', originalCode: code, status };
}
