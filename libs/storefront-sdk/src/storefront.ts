/**
 * A shop's client, for browsers and Node: `fetch` only. It knows several regions, asks the one that owns the customer's orders, and
 * goes to another one when that says nothing or cannot; a write keeps its idempotency key through all of it, and through a reload.
 *
 * Guarantees: one order per key, however often it is asked; `done` and `refused` are the API's own words; `unknown` is said when
 * nobody can tell. Every call ends by its deadline. Does not: retry after that by itself, or keep answers.
 */
import type { z } from 'zod';
import type {
  ListOrdersQuery,
  OrderAnswer,
  OrderSummary,
  placeOrderBodySchema,
  ProductRead,
  returnLinesBodySchema,
} from '#contracts/browser';
import { Caller, type CallerOptions, type CallOptions } from './caller.ts';
import { inMemoryIntents, type Intent, type IntentStore, type WriteOperation } from './intents.ts';
import { type AnswerOf, pathOf, type ReadOperation } from './operations.ts';
import type { EndpointStatus } from './region-book.ts';
import { type ReadResult, valueOf, type WriteResult } from './result.ts';
import { type WriteOptions, Writes } from './writes.ts';

export interface StorefrontOptions extends CallerOptions {
  /** Where writes without a known end are kept. In memory when absent; a page gives `storedIntents(localStorage)`. */
  readonly intents?: IntentStore;
}

export interface ReadOptions extends CallOptions {
  /** False: show what there is, even if it is older than what this client has seen. */
  readonly consistent?: boolean;
}

export interface PlaceOrderOptions extends WriteOptions {
  /** Wait so long for `confirmed` or `cancelled`, after the order is placed. */
  readonly waitMs?: number;
}

export type PlaceOrderInput = z.input<typeof placeOrderBodySchema>;
export type ReturnLinesInput = z.input<typeof returnLinesBodySchema>;

/** The longest that one try lets the API wait, so that a region that hangs is noticed. */
const waitPerTryMs = 2_000;
const pollFirstMs = 150;
const pollMaxMs = 1_000;

export class Storefront {
  readonly #caller: Caller;
  readonly #writes: Writes;

  constructor({ intents, ...options }: StorefrontOptions) {
    this.#caller = new Caller(options);
    this.#writes = new Writes(this.#caller, intents ?? inMemoryIntents());
  }

  // ---- products

  /** One page, in order of sku. */
  productPage(query: { readonly cursor?: string; readonly limit?: number } = {}, options: ReadOptions = {}) {
    return this.#read('listProducts', {}, query, options);
  }

  /** The whole catalogue, page by page. @throws StorefrontError */
  async *listProducts(query: { readonly limit?: number } = {}, options: ReadOptions = {}): AsyncGenerator<ProductRead, void, undefined> {
    let cursor: string | undefined;
    do {
      const page = valueOf(await this.productPage({ ...query, ...(cursor === undefined ? {} : { cursor }) }, options));
      yield* page.products;
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
  }

  getProduct(sku: string, options: ReadOptions = {}) {
    return this.#read('getProduct', { sku }, {}, options);
  }

  getAvailability(sku: string, options: ReadOptions = {}) {
    return this.#read('getAvailability', { sku }, {}, options);
  }

  // ---- orders

  /** `done` when the order is settled; with `waitMs` its status may have moved on from `pending`. */
  async placeOrder(order: PlaceOrderInput, options: PlaceOrderOptions = {}): Promise<WriteResult<AnswerOf<'placeOrder'>>> {
    const { waitMs = 0, ...writeOptions } = options;
    const endsMs = performance.now() + waitMs;
    const firstWaitMs = Math.min(waitMs, waitPerTryMs);
    const tryTimeoutMs = this.#caller.tryTimeoutMs(options) + firstWaitMs;
    const placed = await this.#writes.write(
      'placeOrder',
      { orderId: null, body: jsonOf(order) },
      { ...writeOptions, tryTimeoutMs, waitMs: firstWaitMs },
    );
    if (placed.kind !== 'done' || placed.value.status !== 'pending' || performance.now() >= endsMs) return placed;
    const later = await this.awaitConfirmation(placed.value.orderId, { withinMs: endsMs - performance.now(), signal: options.signal });
    return later.kind === 'ok' ? { ...placed, value: { ...placed.value, status: later.value.status } } : placed;
  }

  getOrder(orderId: string, options: ReadOptions = {}) {
    return this.#read('getOrder', { orderId }, {}, options);
  }

  orderPage(query: Partial<ListOrdersQuery> = {}, options: ReadOptions = {}) {
    return this.#read('listOrders', {}, query, options);
  }

  /** The customer's orders, newest first, page by page. @throws StorefrontError */
  async *listOrders(
    query: Pick<Partial<ListOrdersQuery>, 'status' | 'limit'> = {},
    options: ReadOptions = {},
  ): AsyncGenerator<OrderSummary, void, undefined> {
    let cursor: string | undefined;
    do {
      const page = valueOf(await this.orderPage({ ...query, ...(cursor === undefined ? {} : { cursor }) }, options));
      yield* page.orders;
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
  }

  /** Asks until the order is confirmed or cancelled, or `withinMs` are over: then as it was seen last, or why it could not be seen. */
  async awaitConfirmation(
    orderId: string,
    { withinMs, signal }: { readonly withinMs: number; readonly signal?: AbortSignal | undefined },
  ): Promise<ReadResult<OrderAnswer>> {
    const endsMs = performance.now() + withinMs;
    for (let pauseMs = pollFirstMs; ; pauseMs = Math.min(pollMaxMs, pauseMs * 1.5)) {
      const leftMs = Math.max(1, endsMs - performance.now());
      const result = await this.getOrder(orderId, { signal, deadlineMs: Math.min(leftMs + pollFirstMs, this.#caller.deadlineMs) });
      const final = result.kind === 'ok' ? result.value.status !== 'pending' : !mayStillCome(result);
      if (final || performance.now() + pauseMs >= endsMs) return result;
      await pause(pauseMs, signal, this.#caller.closing);
    }
  }

  cancelOrder(orderId: string, options: WriteOptions = {}): Promise<WriteResult<AnswerOf<'cancelOrder'>>> {
    return this.#writes.write('cancelOrder', { orderId, body: null }, options);
  }

  returnLines(orderId: string, lines: ReturnLinesInput, options: WriteOptions = {}): Promise<WriteResult<AnswerOf<'returnLines'>>> {
    return this.#writes.write('returnLines', { orderId, body: jsonOf(lines) }, options);
  }

  // ---- what has no known end

  /** Writes of this customer that were begun and not answered, the oldest first: after a reload, what to resume. */
  unfinished(): Promise<readonly Intent[]> {
    return this.#writes.unfinished();
  }

  /** Asks for the same thing under the same key. */
  resume<Name extends WriteOperation>(
    intent: Intent & { readonly operation: Name },
    options: CallOptions = {},
  ): Promise<WriteResult<AnswerOf<Name>>> {
    return this.#writes.resume(intent, options);
  }

  // ---- what this client knows

  regions(): readonly EndpointStatus[] {
    return this.#caller.regions();
  }

  /** What it has seen, to be shown by another client (`learn`): a server-rendered page hands it to the browser. */
  get consistencyToken(): string | undefined {
    return this.#caller.consistencyToken;
  }

  learn(consistencyToken: string): void {
    this.#caller.learnToken(consistencyToken);
  }

  /** Ends what runs, as `cancelled`. */
  close(): void {
    this.#caller.close();
  }

  async #read<Name extends ReadOperation>(
    operation: Name,
    params: Readonly<Record<string, string>>,
    query: Readonly<Record<string, string | number | undefined>>,
    { consistent = true, ...options }: ReadOptions,
  ): Promise<ReadResult<AnswerOf<Name>>> {
    const path = pathOf(operation, params, query);
    const answered = await this.#caller.ask({ operation, path, headers: {}, doubt: false, consistent, options });
    const { tries, tookMs } = answered;
    if (answered.end === 'success') return { kind: 'ok', value: answered.value, region: answered.endpoint.region, tries, tookMs };
    if (answered.end === 'refusal') return { kind: 'refused', problem: answered.problem, tries, tookMs };
    const { because, problem, reason } = answered;
    return { kind: 'unavailable', because, problem, reason, tries, tookMs };
  }
}

/** A shop's client. @throws when an option makes no sense */
export const createStorefront = (options: StorefrontOptions): Storefront => new Storefront(options);

/** A region that has not seen the order yet says that there is none. */
const mayStillCome = (result: ReadResult<unknown>): boolean =>
  result.kind === 'unavailable' ? result.because !== 'cancelled' : result.kind === 'refused' && result.problem.code === 'order-not-found';

/** What goes over the wire of it: without undefined fields. */
const jsonOf = (value: object): Intent['body'] => JSON.parse(JSON.stringify(value)) as Intent['body'];

function pause(ms: number, ...signals: readonly (AbortSignal | undefined)[]): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      for (const signal of signals) signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    for (const signal of signals) signal?.addEventListener('abort', end, { once: true });
    if (signals.some((signal) => signal?.aborted)) end();
  });
}
