/**
 * Regions of a shop as a client meets them: real HTTP servers that share one ledger, so that it shows how many orders each key became.
 * What each does with its next requests is told beforehand; when nothing is told it behaves.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { encodeToken, problemKinds, problemTypeOf, type ProblemCode, type ShardId } from '#contracts/browser';

export type Manner =
  | { readonly does: 'answer' }
  /** Takes the request, does nothing, says nothing. */
  | { readonly does: 'hang' }
  /** Does what is asked, and says nothing. */
  | { readonly does: 'hang-after-doing' }
  | { readonly does: 'reset' }
  | { readonly does: 'reset-after-doing' }
  | { readonly does: 'answer-late'; readonly ms: number }
  | { readonly does: 'say'; readonly code: ProblemCode; readonly headers?: Record<string, string> }
  | { readonly does: 'say-text'; readonly status: number; readonly text: string };

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly atMs: number;
  /** The client went away before it was answered. */
  left: boolean;
}

interface LedgerOrder {
  readonly orderId: string;
  readonly body: string;
  status: 'pending' | 'confirmed' | 'cancelled';
}

/** What the regions of one shop have in common. */
export class Ledger {
  readonly orders = new Map<string, LedgerOrder>();
  /** By key, how often it was asked for and done, repeats included. */
  readonly asked = new Map<string, number>();
  seq = 0;

  place(key: string, body: string): { readonly order: LedgerOrder; readonly repeated: boolean } | 'reused' {
    this.asked.set(key, (this.asked.get(key) ?? 0) + 1);
    const order = this.orders.get(key);
    if (order !== undefined) return order.body === body ? { order, repeated: true } : 'reused';
    const letters = Array.from({ length: 26 }, (_, i) => 'abcdefghijklmnopqrstuvwxyz'[(this.orders.size + i) % 26]).join('');
    const placed: LedgerOrder = { orderId: `ord_${letters}`, body, status: 'pending' };
    this.orders.set(key, placed);
    this.seq += 1;
    return { order: placed, repeated: false };
  }
}

export class MisbehavingRegion {
  readonly name: string;
  readonly ledger: Ledger;
  readonly seen: SeenRequest[] = [];
  readonly #manners: Manner[] = [];
  #usual: Manner = { does: 'answer' };
  #headers: Record<string, string> = {};
  #regions: unknown;
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  constructor(name: string, ledger: Ledger) {
    this.name = name;
    this.ledger = ledger;
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get endpoint(): { readonly region: string; readonly url: string } {
    return { region: this.name, url: this.url };
  }

  /** What it does with its next requests, one each. */
  next(...manners: readonly Manner[]): void {
    this.#manners.push(...manners);
  }

  behavesFromNowOn(): void {
    this.#manners.length = 0;
    this.#usual = { does: 'answer' };
  }

  always(manner: Manner): void {
    this.#usual = manner;
  }

  sends(headers: Record<string, string>): void {
    this.#headers = headers;
  }

  lists(regions: unknown): void {
    this.#regions = regions;
  }

  /** Requests of the API proper. */
  get asked(): readonly SeenRequest[] {
    return this.seen.filter(({ path }) => path !== '/v1/regions');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: path = '/', headers } = request;
    const seen: SeenRequest = { method, path, headers, atMs: performance.now(), left: false };
    this.seen.push(seen);
    response.on('close', () => (seen.left = !response.writableFinished));
    let body = '';
    for await (const chunk of request) body += String(chunk);
    if (path === '/v1/regions') return this.#listRegions(response);
    const manner = this.#manners.shift() ?? this.#usual;
    switch (manner.does) {
      case 'hang':
        return;
      case 'reset':
        return void request.socket.resetAndDestroy();
      case 'say':
        return this.#problem(response, manner.code, manner.headers);
      case 'say-text':
        return void response.writeHead(manner.status, { 'content-type': 'text/html' }).end(manner.text);
      case 'hang-after-doing':
        return void this.#answer(method, path, headers, body);
      case 'reset-after-doing':
        this.#answer(method, path, headers, body);
        return void request.socket.resetAndDestroy();
      case 'answer-late':
        return void setTimeout(() => this.#answer(method, path, headers, body)(response), manner.ms);
      case 'answer':
        return this.#answer(method, path, headers, body)(response);
    }
  }

  #listRegions(response: ServerResponse): void {
    if (this.#regions === undefined) this.#problem(response, 'not-found');
    else this.#json(response, 200, this.#regions);
  }

  /** Does it now; says so when the result is called. */
  #answer(method: string, path: string, headers: IncomingMessage['headers'], body: string): (response: ServerResponse) => void {
    const key = String(headers['idempotency-key'] ?? '');
    if (method === 'POST' && path === '/v1/orders') {
      const placed = this.ledger.place(key, body);
      if (placed === 'reused') return (response) => this.#problem(response, 'idempotency-key-reused');
      const { order, repeated } = placed;
      return (response) =>
        this.#json(response, repeated ? 200 : 201, { orderId: order.orderId, status: order.status, ...this.#writeFields() });
    }
    if (method === 'POST') {
      const [, , , orderId = '', what] = path.split('/');
      const order = [...this.ledger.orders.values()].find((one) => one.orderId === orderId);
      if (order === undefined) return (response) => this.#problem(response, 'order-not-found');
      if (what === 'cancellation') order.status = 'cancelled';
      return (response) => this.#json(response, 200, { orderId, returnId: key, ...this.#writeFields() });
    }
    return (response) => this.#readAnswer(response, new URL(path, this.url));
  }

  #readAnswer(response: ServerResponse, { pathname, searchParams }: URL): void {
    const consistencyToken = this.token;
    const all = [...this.ledger.orders.values()].toReversed().map((order) => summaryOf(order));
    if (pathname === '/v1/orders') {
      const from = Number(searchParams.get('cursor') ?? 0);
      const to = from + Number(searchParams.get('limit') ?? 20);
      return this.#json(response, 200, { orders: all.slice(from, to), nextCursor: to < all.length ? String(to) : null, consistencyToken });
    }
    if (pathname.startsWith('/v1/orders/')) {
      const order = all.find(({ orderId }) => pathname.endsWith(orderId));
      if (order === undefined) return this.#problem(response, 'order-not-found');
      return this.#json(response, 200, { ...order, lines: [], surcharges: [], consistencyToken });
    }
    const product = { sku: 'TEA', name: 'Tea', unitPriceMinor: 895, currency: 'GBP' };
    if (pathname === '/v1/products') return this.#json(response, 200, { products: [product], nextCursor: null, consistencyToken });
    const units = { available: 5, reserved: 0, shipped: 0, received: 5, adjusted: 0, sent: 0, arrived: 0 };
    if (pathname.endsWith('/availability'))
      return this.#json(response, 200, { sku: 'TEA', pools: [], total: { ...units, inTransit: 0 }, consistencyToken });
    this.#json(response, 200, { ...product, consistencyToken });
  }

  get token(): string {
    return encodeToken({ [`order.${this.name}.0` as ShardId]: this.ledger.seq });
  }

  #writeFields(): Record<string, string> {
    return { durability: 'global', homeRegion: 'east', consistencyToken: this.token };
  }

  #json(response: ServerResponse, status: number, body: unknown): void {
    response.writeHead(status, { 'content-type': 'application/json', ...this.#headers }).end(JSON.stringify(body));
  }

  #problem(response: ServerResponse, code: ProblemCode, headers: Record<string, string> = {}): void {
    const { status, title } = problemKinds[code];
    response
      .writeHead(status, { 'content-type': 'application/problem+json', ...this.#headers, ...headers })
      .end(JSON.stringify({ type: problemTypeOf(code), title, status, code }));
  }
}

const summaryOf = ({ orderId, status }: LedgerOrder) => ({
  orderId,
  customerId: 'alice',
  homeRegion: 'east',
  status,
  fulfilment: 'open',
  currency: 'GBP',
  totalMinor: 895,
  shippedMinor: 0,
  returnedMinor: 0,
  unitsOrdered: 1,
  unitsShipped: 0,
  unitsReturned: 0,
  placedAt: '2026-01-01T00:00:00.000Z',
  confirmedAt: null,
  cancelledAt: null,
  cancelReason: null,
});
