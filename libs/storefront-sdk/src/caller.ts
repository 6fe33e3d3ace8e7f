import type { z } from 'zod';
import { customerIdSchema, type CustomerId } from '#contracts/browser';
import { type Call, type CallEnd, type CallLimits, RunningCall } from './call.ts';
import { type KnownSeqs, learnToken, nothingKnown, tokenOf } from './core/known-seqs.ts';
import { answerIn, type AnswerOf, type OperationName, operations } from './operations.ts';
import { type EndpointStatus, RegionBook } from './region-book.ts';
import { RegionList } from './region-list.ts';
import { type Settings, settingsSchema } from './settings.ts';

export interface CallOptions {
  /** Ends the call: its result says `cancelled`. */
  readonly signal?: AbortSignal | undefined;
  /** In place of the client's settings. */
  readonly deadlineMs?: number | undefined;
  readonly tryTimeoutMs?: number | undefined;
  readonly hedgeAfterMs?: number | undefined;
}

export interface CallerOptions extends z.input<typeof settingsSchema> {
  /** Where the regions are, nearest first. */
  readonly endpoints: readonly { readonly region: string; readonly url: string }[];
  /** The topology's homes in its order: with them and `customer` even the first call goes to the right region. */
  readonly homes?: readonly string[];
  /** Whose client this is: the subject of its tokens. */
  readonly customer?: string;
  /** A bearer token, asked for before each try; undefined for a visitor. */
  readonly token?: () => string | undefined | Promise<string | undefined>;
}

interface Asked<Name extends OperationName> {
  readonly operation: Name;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly doubt: boolean;
  /** Of a read: waits, within the server's bound, for what this client has seen. */
  readonly consistent: boolean;
  readonly options: CallOptions;
}

export type Answered<Name extends OperationName> = CallEnd<AnswerOf<Name>>;

/** Asks the regions. What its calls know together: the regions, the consistency token. */
export class Caller {
  readonly customer: CustomerId | undefined;
  readonly #settings: Settings;
  readonly #token: NonNullable<CallerOptions['token']>;
  readonly #book: RegionBook;
  readonly #regions: RegionList;
  readonly #closing = new AbortController();
  #known: KnownSeqs = nothingKnown;

  constructor({ endpoints, homes, customer, token, ...settings }: CallerOptions) {
    this.#settings = settingsSchema.parse(settings);
    this.#token = token ?? (() => undefined);
    this.customer = customer === undefined ? undefined : customerIdSchema.parse(customer);
    this.#book = new RegionBook({ endpoints, homes, customer: this.customer, ...this.#settings });
    this.#regions = new RegionList(this.#book, this.#settings.regionsEveryMs, this.#settings.tryTimeoutMs, this.#closing.signal);
  }

  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  get deadlineMs(): number {
    return this.#settings.deadlineMs;
  }

  tryTimeoutMs(options: CallOptions): number {
    return options.tryTimeoutMs ?? this.#settings.tryTimeoutMs;
  }

  get consistencyToken(): string | undefined {
    return tokenOf(this.#known);
  }

  learnToken(token: string): void {
    this.#known = learnToken(this.#known, token);
  }

  regions(): readonly EndpointStatus[] {
    return this.#book.status(performance.now());
  }

  close(): void {
    this.#closing.abort();
  }

  async ask<Name extends OperationName>(asked: Asked<Name>): Promise<Answered<Name>> {
    const { operation, path, body, doubt, options } = asked;
    this.#regions.refresh(false);
    const ending = new AbortController();
    const end = (): void => ending.abort();
    const signals = options.signal === undefined ? [this.closing] : [this.closing, options.signal];
    for (const signal of signals) signal.addEventListener('abort', end, { once: true });
    if (signals.some(({ aborted }) => aborted)) end();
    const call: Call<AnswerOf<Name>> = {
      method: operations[operation].method,
      path,
      body,
      headers: () => this.#headersOf(asked),
      read: (_status, answer) => answerIn(operation, answer),
      doubt,
      limits: this.#limits(options),
      signal: ending.signal,
    };
    try {
      const answered = await new RunningCall(call, this.#book, {
        answered: (headers) => this.#learnFrom(headers),
        failed: () => this.#regions.refresh(true),
      }).run();
      if (answered.end === 'success') this.learnToken((answered.value as { readonly consistencyToken: string }).consistencyToken);
      return answered;
    } finally {
      for (const signal of signals) signal.removeEventListener('abort', end);
    }
  }

  async #headersOf({ headers, body, consistent }: Asked<OperationName>): Promise<Record<string, string>> {
    const token = await this.#token();
    const seen = consistent ? this.consistencyToken : undefined;
    return {
      ...headers,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(seen === undefined ? {} : { 'evenkeel-consistency-token': seen }),
    };
  }

  #learnFrom(headers: Headers): void {
    this.#book.learnFrom(headers);
    const token = headers.get('evenkeel-consistency-token');
    if (token !== null) this.learnToken(token);
  }

  #limits({ deadlineMs, tryTimeoutMs, hedgeAfterMs }: CallOptions): CallLimits {
    const { deadlineMs: deadline, tryTimeoutMs: timeout, hedgeAfterMs: hedge, triesMax, pauseFirstMs, pauseMaxMs } = this.#settings;
    return {
      deadlineMs: deadlineMs ?? deadline,
      tryTimeoutMs: tryTimeoutMs ?? timeout,
      hedgeAfterMs: hedgeAfterMs ?? hedge,
      triesMax,
      pauseFirstMs,
      pauseMaxMs,
    };
  }
}
