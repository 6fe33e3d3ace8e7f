import type { Region } from '#contracts/browser';
import type { CallFacts } from './call.ts';
import type { ApiProblem } from './core/problem.ts';
import type { Intent } from './intents.ts';

/** How a read ended. */
export type ReadResult<Value> = CallFacts &
  (
    | { readonly kind: 'ok'; readonly value: Value; readonly region: Region }
    | { readonly kind: 'refused'; readonly problem: ApiProblem }
    | Unanswered
  );

/** How a write ended. `unknown` is neither success nor failure: ask again, with `resume` or later with the same key. */
export type WriteResult<Value> = CallFacts & { readonly key: string } & (
    | {
        readonly kind: 'done';
        readonly value: Value;
        readonly region: Region;
        /** Placing an order only: an earlier request with this key had placed it. */
        readonly repeated: boolean;
      }
    /** A clear no: nothing was done. */
    | { readonly kind: 'refused'; readonly problem: ApiProblem }
    /** Nobody took it: nothing was done. The same key may be used again. */
    | (Unanswered & { readonly intent: Intent })
    | {
        readonly kind: 'unknown';
        readonly because: Because;
        /** The API's last word, if there was one. */
        readonly problem: ApiProblem | undefined;
        /** What the last try met, for people. */
        readonly reason: string;
        readonly intent: Intent;
      }
  );

/** `cancelled`: by the caller's signal, or because the client was closed. */
export type Because = 'deadline' | 'tries' | 'cancelled';

interface Unanswered {
  readonly kind: 'unavailable';
  readonly because: Because;
  readonly problem: ApiProblem | undefined;
  readonly reason: string;
}

type NoValue = Exclude<ReadResult<unknown>, { readonly kind: 'ok' }> | Exclude<WriteResult<unknown>, { readonly kind: 'done' }>;

/** For those who like exceptions better; `result` says all. */
export class StorefrontError extends Error {
  override readonly name = 'StorefrontError';
  readonly result: NoValue;
  constructor(result: NoValue) {
    super(
      result.kind === 'refused'
        ? `${result.problem.status} ${result.problem.code}: ${result.problem.detail ?? result.problem.title}`
        : `${result.kind} (${result.because}) after ${result.tries} tries: ${result.reason}`,
    );
    this.result = result;
  }
}

/** The value of a result. @throws StorefrontError when it has none */
export function valueOf<Value>(result: ReadResult<Value> | WriteResult<Value>): Value {
  if (result.kind === 'ok' || result.kind === 'done') return result.value;
  throw new StorefrontError(result);
}
