import { customerId, orderIdOf, region, sku, type OrderId, type Sku } from '#contracts';
import type { LedgerAccount } from '../../replay/compare/provider-ledger.ts';
import type { OrderState } from '../../replay/compare/region-state.ts';
import type { Evidence, OrderSeen, RegionEvidence } from '../checks/evidence.ts';
import type { DrillClient, OrderOutcome, RecordedOrder } from '../recording.ts';

export const tea = sku('TEA');
const [east, west] = [region('east'), region('west')];

export const drillClient = (index: number, kind: DrillClient['kind'] = 'sdk'): DrillClient => ({
  index,
  kind,
  customer: customerId(`c${index}`),
  home: index % 2 === 0 ? east : west,
});

export function recordedOrder(number: number, overrides: Partial<RecordedOrder> = {}): RecordedOrder {
  const client = overrides.client ?? drillClient(number % 4);
  const key = `key-${number}`;
  return {
    number,
    client,
    key,
    orderId: orderIdOf(client.customer, key),
    lines: [{ sku: tea, quantity: 2 }],
    dueMs: number * 100,
    endMs: number * 100 + 40,
    outcome: { kind: 'acknowledged', durability: 'global' },
    calls: 1,
    attempts: [],
    ...overrides,
  };
}

const unknown: OrderOutcome = { kind: 'unknown', because: 'no clear answer' };
const refused: OrderOutcome = { kind: 'refused', status: 422, code: 'unknown-sku' };

/** Six orders: three confirmed, one cancelled, one unknown that was placed, one refused. Nothing is wrong with it. */
export function soundEvidence(): Evidence {
  const recorded = [0, 1, 2, 3].map((number) => recordedOrder(number));
  recorded.push(recordedOrder(4, { outcome: unknown }), recordedOrder(5, { outcome: refused }));
  const statuses = ['confirmed', 'confirmed', 'confirmed', 'cancelled', 'confirmed'];
  const placed = recorded.slice(0, statuses.length).map((order, i) => ({ order, status: statuses[i]! }));
  const ledger = new Map(placed.map(({ order, status }) => [order.orderId as string, account(order, status)]));
  const regions = [east, west].map((name): RegionEvidence => ({
    region: name,
    orders: new Map<OrderId, OrderSeen>([
      ...placed.map(({ order, status }): [OrderId, OrderSeen] => [order.orderId, seen(order, status)]),
      [recorded[5]!.orderId, { kind: 'absent' }],
    ]),
    stock: new Map<Sku, never>([[tea, stock() as never]]),
    tables: {
      orders: new Map(placed.map(({ order, status }) => [order.orderId as string, orderState(order, status)])),
      payments: new Map(),
      netUnits: new Map(),
      stock: new Map(),
    },
  }));
  const projections = ['order.orders', 'inventory.stock'].map((projection) => ({ projection, verdict: 'equal' }));
  return { recorded, regions, received: new Map([[tea, 100]]), ledger, projections };
}

const seen = ({ orderId, lines }: RecordedOrder, status: string): OrderSeen =>
  ({
    kind: 'present',
    order: { orderId, status, lines: lines.map((line, i) => ({ lineNumber: i + 1, ...line })) },
  }) as unknown as OrderSeen;

const orderState = ({ client, lines }: RecordedOrder, status: string): OrderState => ({
  customer: client.customer,
  status,
  lines: lines.length,
  units: 2,
  totalMinor: 500,
  shippedUnits: 0,
  returnedUnits: 0,
  shippedMinor: 0,
  returnedMinor: 0,
});

const account = ({ orderId, client }: RecordedOrder, status: string): LedgerAccount => ({
  reference: orderId,
  customerId: client.customer,
  authorizations: 1,
  authorizedMinor: 500,
  voided: status === 'cancelled',
  charges: 0,
  capturedMinor: 0,
  refundedMinor: 0,
});

/** Four confirmed orders of two units each, one unit on its way between the pools. */
const stock = () => {
  const pool = { shipped: 0, received: 50, adjusted: 0 };
  return {
    pools: [
      { region: east, ...pool, available: 45, reserved: 4, sent: 1, arrived: 0 },
      { region: west, ...pool, available: 46, reserved: 4, sent: 0, arrived: 0 },
    ],
    total: { available: 91, reserved: 8, shipped: 0, received: 100, adjusted: 0, sent: 1, arrived: 0, inTransit: 1 },
  };
};
