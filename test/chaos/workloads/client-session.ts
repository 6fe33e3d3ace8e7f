import {
  availabilityAnswerSchema,
  decodeToken,
  encodeToken,
  mergeTokens,
  orderAnswerSchema,
  orderIdOf,
  orderListAnswerSchema,
  orderWriteAnswerSchema,
  placeOrderAnswerSchema,
  problemSchema,
  type OrderId,
  type Region,
  type ShardSeqs,
  type Sku,
} from '#contracts';
import type { Answer, Asked, Completion, LineUnits, OrderSeen, SkuUnits } from '#checkers';
import { askApi, type ApiRequest, type ApiResponse, type Customer } from '#test-kit';
import type { LoadContext } from './load-context.ts';

export interface SessionOptions {
  readonly name: string;
  readonly customer: Customer;
}

/** What a request is about: its HTTP form, what it means to the history, and how an answer of it is understood. */
interface Request {
  readonly asked: Asked;
  readonly http: Omit<ApiRequest, 'timeoutMs'>;
  /** Shown with it: the reader must see no less. */
  readonly token?: ShardSeqs;
  readonly answer: (response: ApiResponse) => Answer;
}

const tokenHeader = 'evenkeel-consistency-token';
/** Long enough for a takeover's pause to be waited out by the edge, short enough that a session goes on. */
const attemptTimeoutMs = 8_000;
/** The client's own abort, late on a machine that gives it no core. */
const lateMs = 20_000;
/** 503s that promise that nothing was done; any other 5xx to a write leaves open whether it was. */
const promisesNothingDone = new Set(['owner-unavailable', 'region-not-serving', 'stream-blocked', 'consistency-unreached']);

/**
 * One client. Every attempt of it is an operation of the history, with a clear answer, a refusal, or neither. It
 * remembers the consistency token of all that it was told, and shows it where the workload says so. Never throws for what the system does.
 */
export class ClientSession {
  readonly customer: Customer;
  readonly #context: LoadContext;
  readonly #name: string;
  #seen: ShardSeqs = {};
  #keys = 0;

  constructor(context: LoadContext, { name, customer }: SessionOptions) {
    this.#context = context;
    this.#name = name;
    this.customer = customer;
  }

  /** All that this session was told. */
  get seen(): ShardSeqs {
    return this.#seen;
  }

  newKey(): string {
    return this.#context.shop.name(`${this.#name}-${(this.#keys += 1)}`);
  }

  orderIdOf(key: string): OrderId {
    return orderIdOf(this.customer.id, key);
  }

  place(via: Region, key: string, lines: readonly SkuUnits[], waitSeconds?: number): Promise<Completion> {
    const { id: customer, token } = this.customer;
    const headers = waitSeconds === undefined ? {} : { prefer: `wait=${waitSeconds}` };
    return this.#ask(via, {
      asked: { kind: 'place', key, customer, orderId: this.orderIdOf(key), lines },
      http: { method: 'POST', path: '/v1/orders', key, headers, token, body: { lines } },
      answer: (response) => {
        const { orderId, status, durability, consistencyToken } = placeOrderAnswerSchema.parse(JSON.parse(response.text));
        return { kind: 'place', durability, token: decoded(consistencyToken), orderId, placedNow: response.status === 201, status };
      },
    });
  }

  cancel(via: Region, orderId: OrderId): Promise<Completion> {
    return this.#ask(via, {
      asked: { kind: 'cancel', orderId, customer: this.customer.id },
      http: { method: 'POST', path: `/v1/orders/${orderId}/cancellation`, key: `${orderId}-cancel`, token: this.customer.token },
      answer: (response) => ({ kind: 'cancel', ...writeAnswered(response) }),
    });
  }

  /** On the customer's behalf, by whoever packs the goods. The same `operationId` moves its units once. */
  ship(via: Region, orderId: OrderId, operationId: string, lines: readonly LineUnits[]): Promise<Completion> {
    const headers = { 'evenkeel-customer': this.customer.id };
    return this.#ask(via, {
      asked: { kind: 'ship', orderId, operationId, lines },
      http: {
        method: 'POST',
        path: `/v1/orders/${orderId}/shipments`,
        key: operationId,
        token: this.#context.shop.operatorToken,
        headers,
        body: { lines },
      },
      answer: (response) => ({ kind: 'ship', ...writeAnswered(response) }),
    });
  }

  sendBack(via: Region, orderId: OrderId, operationId: string, lines: readonly LineUnits[]): Promise<Completion> {
    return this.#ask(via, {
      asked: { kind: 'return', orderId, operationId, lines },
      http: { method: 'POST', path: `/v1/orders/${orderId}/returns`, key: operationId, token: this.customer.token, body: { lines } },
      answer: (response) => ({ kind: 'return', ...writeAnswered(response) }),
    });
  }

  /** With a token it sees no less than what that names; without one, whatever the region has. */
  readOrder(via: Region, orderId: OrderId, token?: ShardSeqs): Promise<Completion> {
    return this.#ask(via, {
      asked: { kind: 'read-order', orderId },
      http: { method: 'GET', path: `/v1/orders/${orderId}`, token: this.customer.token },
      ...(token === undefined ? {} : { token }),
      answer: (response) => {
        if (response.status === 404) return { kind: 'read-order', token: {}, order: 'absent' };
        const order = orderAnswerSchema.parse(JSON.parse(response.text));
        return { kind: 'read-order', token: decoded(order.consistencyToken), order: seenOrder(order) };
      },
    });
  }

  /** The newest orders, one page. */
  listOrders(via: Region, token?: ShardSeqs): Promise<Completion> {
    return this.#ask(via, {
      asked: { kind: 'list-orders', customer: this.customer.id },
      http: { method: 'GET', path: '/v1/orders?limit=100', token: this.customer.token },
      ...(token === undefined ? {} : { token }),
      answer: (response) => {
        const { orders, nextCursor, consistencyToken } = orderListAnswerSchema.parse(JSON.parse(response.text));
        return {
          kind: 'list-orders',
          token: decoded(consistencyToken),
          orders: orders.map(({ orderId, status, unitsShipped, unitsReturned }) => ({ orderId, status, unitsShipped, unitsReturned })),
          complete: nextCursor === null,
        };
      },
    });
  }

  readStock(via: Region, sku: Sku, token?: ShardSeqs): Promise<Completion> {
    return this.#ask(via, {
      asked: { kind: 'read-stock', sku },
      http: { method: 'GET', path: `/v1/products/${encodeURIComponent(sku)}/availability`, token: this.customer.token },
      ...(token === undefined ? {} : { token }),
      answer: (response) => {
        const { pools, consistencyToken } = availabilityAnswerSchema.parse(JSON.parse(response.text));
        return {
          kind: 'read-stock',
          token: decoded(consistencyToken),
          pools: pools.map(({ region, ...units }) => ({ home: region, ...units })),
        };
      },
    });
  }

  async #ask(via: Region, { asked, http, token, answer }: Request): Promise<Completion> {
    const { recorder, nowMs, attempts } = this.#context;
    const invokedMs = nowMs();
    const begun = {
      session: this.#name,
      invokedMs,
      deadlineMs: invokedMs + attemptTimeoutMs + lateMs,
      ...(token === undefined ? {} : { token }),
    };
    const operation = recorder.invoke(asked, begun);
    const headers = { ...http.headers, ...(token === undefined ? {} : { [tokenHeader]: encodeToken(token) }) };
    const completion = await askApi(this.#context.shop.storefront(via), { ...http, headers, timeoutMs: attemptTimeoutMs }).then(
      (response) => this.#understood(via, asked, response, answer),
      (error: unknown): Completion => ({ outcome: 'unknown', atMs: nowMs(), because: becauseOf(error) }),
    );
    attempts.push({ asked: asked.kind, home: this.customer.home, startMs: invokedMs, endMs: completion.atMs, completion });
    if (completion.outcome === 'ok') {
      operation.ok(completion.atMs, completion.region, completion.answer);
      this.#seen = mergeTokens(this.#seen, completion.answer.token ?? {});
    } else if (completion.outcome === 'refused') operation.refused(completion.atMs, completion.code, completion.region);
    else operation.unknown(completion.atMs, completion.because);
    return completion;
  }

  #understood(via: Region, asked: Asked, response: ApiResponse, answer: Request['answer']): Completion {
    const atMs = this.#context.nowMs();
    const { status } = response;
    const isRead = asked.kind === 'read-order' || asked.kind === 'list-orders' || asked.kind === 'read-stock';
    try {
      if (status < 300 || (status === 404 && asked.kind === 'read-order'))
        return { outcome: 'ok', atMs, region: via, answer: answer(response) };
      const { code } = problemSchema.parse(JSON.parse(response.text));
      const refused = status < 500 || promisesNothingDone.has(code) || isRead;
      return refused ? { outcome: 'refused', atMs, code, region: via } : { outcome: 'unknown', atMs, because: `${status} ${code}` };
    } catch (error) {
      return { outcome: 'unknown', atMs, because: `${status}, not understood: ${becauseOf(error)}` };
    }
  }
}

const decoded = (text: string): ShardSeqs => {
  const seqs = decodeToken(text);
  if (seqs === undefined) throw new Error(`not a token: ${text.slice(0, 100)}`);
  return seqs;
};

function writeAnswered(response: ApiResponse): { readonly durability: 'global' | 'regional' | 'none'; readonly token: ShardSeqs } {
  const { durability, consistencyToken } = orderWriteAnswerSchema.parse(JSON.parse(response.text));
  return { durability, token: decoded(consistencyToken) };
}

const seenOrder = ({ orderId, status, unitsShipped, unitsReturned, lines }: ReturnType<typeof orderAnswerSchema.parse>): OrderSeen => ({
  orderId,
  status,
  unitsShipped,
  unitsReturned,
  lines: lines.map(({ lineNumber, sku, quantity }) => ({ lineNumber, sku, quantity })),
});

function becauseOf(error: unknown): string {
  if (error instanceof DOMException && error.name === 'TimeoutError') return 'timeout';
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message : String(cause);
}
