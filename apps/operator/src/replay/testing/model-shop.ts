import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { customerId, orderIdOf, requestFingerprint, type PlaceOrderBody, type ShipLinesBody } from '#contracts';
import { seededRandom } from '../../generate/seeded-random.ts';
import type { LedgerAccount } from '../compare/provider-ledger.ts';
import type { OrderState, PaymentState, RegionState, StockState } from '../compare/region-state.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Line = PlaceOrderBody['lines'][number] & { shipped: number; returned: number };
interface Stored {
  readonly customer: string;
  readonly lines: readonly Line[];
  readonly surchargesMinor: number;
}

export interface ModelShop {
  readonly url: string;
  /** POSTs that were carried out, repeats not counted. */
  readonly performed: number;
  readonly requests: number;
  state(): RegionState;
  ledger(): ReadonlyMap<string, LedgerAccount>;
  close(): Promise<void>;
}

const worth = (line: Line, units: number): number => units * (line.unitPriceMinor ?? 0);
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/**
 * A shop of one process that keeps the public API's promises as simply as they can be kept, for tests of the replay: each key is
 * carried out once, on a share of the requests the answer is lost (500, or a reset connection) before or after the work is done.
 */
export async function startModelShop({ faultRate, seed }: { readonly faultRate: number; readonly seed: number }): Promise<ModelShop> {
  const random = seededRandom(seed);
  const orders = new Map<string, Stored>();
  const onHand = new Map<string, number>();
  const answers = new Map<string, { fingerprint: string; status: number; body: object }>();
  const counts = { performed: 0, requests: 0 };
  const add = (sku: string, units: number): unknown => onHand.set(sku, (onHand.get(sku) ?? 0) + units);

  const perform = (path: string, key: string, body: never): { status: number; body: object } => {
    if (path === '/v1/products/import') return { status: 200, body: {} };
    if (path === '/v1/stock/receipts')
      for (const item of (body as { items: { sku: string; quantity: number }[] }).items) add(item.sku, item.quantity);
    if (path === '/v1/stock/adjustments') add((body as { sku: string }).sku, (body as { quantityDelta: number }).quantityDelta);
    if (path.startsWith('/v1/stock/')) return { status: 200, body: {} };
    if (path === '/v1/orders') return place(key, body);
    const [, , , id = '', what = ''] = path.split('/');
    const order = orders.get(id);
    if (order === undefined) return { status: 404, body: { code: 'order-not-found' } };
    for (const { lineNumber, quantity } of (body as ShipLinesBody).lines) {
      const line = order.lines[lineNumber - 1];
      if (line === undefined || (what === 'returns' && line.returned + quantity > line.shipped))
        return { status: 422, body: { code: 'not-processable' } };
      if (what === 'returns') add(line.sku, quantity);
      line[what === 'returns' ? 'returned' : 'shipped'] += quantity;
    }
    return { status: 200, body: {} };
  };
  const place = (key: string, body: PlaceOrderBody): { status: number; body: object } => {
    const customer = customerId(body.customerId ?? '');
    if (body.lines.some(({ sku, quantity }) => (onHand.get(sku) ?? 0) < quantity)) return { status: 201, body: { status: 'cancelled' } };
    for (const { sku, quantity } of body.lines) add(sku, -quantity);
    const lines = body.lines.map((line) => ({ ...line, shipped: 0, returned: 0 }));
    orders.set(orderIdOf(customer, key), {
      customer,
      lines,
      surchargesMinor: sum((body.surcharges ?? []).map(({ amountMinor }) => amountMinor)),
    });
    return { status: 201, body: { status: 'confirmed' } };
  };

  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      counts.requests += 1;
      const fault = random.chance(faultRate) ? random.pick(['before', 'after', 'reset'] as const) : undefined;
      const say = (status: number, body: object): unknown =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      if (fault === 'before') return void say(503, { code: 'unavailable' });
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as never;
      const [path, key] = [request.url ?? '', `${request.url} ${String(request.headers['idempotency-key'])}`];
      const fingerprint = requestFingerprint(body);
      let answer = answers.get(key);
      if (answer === undefined) {
        counts.performed += 1;
        answer = { fingerprint, ...perform(path, String(request.headers['idempotency-key']), body) };
        answers.set(key, answer);
      }
      if (fault === 'reset') return void request.socket.destroy();
      if (fault === 'after') return void say(500, { code: 'internal' });
      return void (answer.fingerprint === fingerprint ? say(answer.status, answer.body) : say(422, { code: 'idempotency-key-reused' }));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  const orderState = ({ customer, lines, surchargesMinor }: Stored): OrderState => {
    const shippedUnits = sum(lines.map(({ shipped }) => shipped));
    const totalMinor = surchargesMinor + sum(lines.map((line) => worth(line, line.quantity)));
    return {
      customer,
      status: 'confirmed',
      lines: lines.length,
      units: sum(lines.map(({ quantity }) => quantity)),
      totalMinor,
      shippedUnits,
      returnedUnits: sum(lines.map(({ returned }) => returned)),
      shippedMinor: shippedUnits > 0 ? totalMinor : 0,
      returnedMinor: sum(lines.map((line) => worth(line, line.returned))),
    };
  };
  const state = (): RegionState => {
    const netUnits = new Map<string, number>();
    for (const { lines } of orders.values())
      for (const line of lines) netUnits.set(line.sku, (netUnits.get(line.sku) ?? 0) + line.shipped - line.returned);
    const states = new Map(Array.from(orders, ([id, order]) => [id, orderState(order)]));
    const payments = new Map(Array.from(states, ([id, order]): [string, Mutable<PaymentState>] => [id, paymentOf(order)]));
    const stock = new Map(Array.from(onHand, ([sku, available]): [string, StockState] => [sku, { available, reserved: 0, inTransit: 0 }]));
    return { orders: states, payments, netUnits, stock };
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get performed() {
      return counts.performed;
    },
    get requests() {
      return counts.requests;
    },
    state,
    ledger: () => new Map(Array.from(state().payments, ([id, payment]) => [id, accountOf(id, payment)])),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const paymentOf = (order: OrderState): PaymentState => ({
  customer: order.customer,
  status: 'authorized',
  authorizedMinor: order.totalMinor,
  capturedMinor: order.shippedMinor,
  refundedMinor: order.returnedMinor,
  open: 0,
  refused: 0,
});

const accountOf = (reference: string, payment: PaymentState): LedgerAccount => ({
  reference,
  customerId: payment.customer,
  authorizations: 1,
  authorizedMinor: payment.authorizedMinor,
  voided: false,
  charges: payment.capturedMinor > 0 ? 1 : 0,
  capturedMinor: payment.capturedMinor,
  refundedMinor: payment.refundedMinor,
});
