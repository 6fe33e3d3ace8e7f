import type {
  Evidence,
  FinalOrder,
  FinalPayment,
  FinalPool,
  FinalReservation,
  LedgerAccount,
  Reading,
  RegionReads,
  ShownOrder,
} from '#checkers';
import { customerId, orderIdOf, region, shardId, sku, type OrderId, type OrderStatus, type Region } from '#contracts';
import { drillHistory } from '../checks/drill-evidence.ts';
import type { DrillClient, OrderOutcome, RecordedOrder } from '../recording.ts';

export const tea = sku('TEA');
const [east, west] = [region('east'), region('west')];
const homes = [east, west];

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

export const soundRecording = (): readonly RecordedOrder[] => [
  ...[0, 1, 2, 3].map((number) => recordedOrder(number)),
  recordedOrder(4, { outcome: unknown }),
  recordedOrder(5, { outcome: refused }),
];

interface Placed {
  readonly order: RecordedOrder;
  readonly status: OrderStatus;
}

/** Six orders: three confirmed, one cancelled, one unknown that was placed, one refused. Nothing is wrong with it. */
export function soundEvidence(): Evidence {
  const recorded = soundRecording();
  const statuses = ['confirmed', 'confirmed', 'confirmed', 'cancelled', 'confirmed'] as const;
  const placed = statuses.map((status, i): Placed => ({ order: recorded[i]!, status }));
  const received = new Map(homes.map((home) => [home, new Map([[tea, 50]])]));
  return {
    history: drillHistory({ recorded, received, partitions: 1 }),
    final: { living: homes, regions: homes.map((name) => readsOf(name, recorded, placed)), ledger: read(placed.map(account)) },
  };
}

const read = <T>(value: T): Reading<T> => ({ kind: 'read', value });

function readsOf(name: Region, recorded: readonly RecordedOrder[], placed: readonly Placed[]): RegionReads {
  const orders = placed.map(finalOrder);
  const pools = homes.map((home) => poolOf(home, placed));
  const commit = { seq: 1, writer: '1/1/w', cause: 'place', events: 'OrderPlaced sha256:x' };
  return {
    region: name,
    orders: read(orders),
    pools: read(pools),
    reservations: read(placed.map(reservation)),
    payments: read(placed.map(payment)),
    settled: read([{ reader: 'late', shard: shardId({ service: 'order', home: east, partition: 0 }), after: 0, commits: [commit] }]),
    checksums: read(
      new Map([
        ['order.orders', 'a over 5 rows'],
        ['inventory.stock', 'b over 2 rows'],
      ]),
    ),
    shown: {
      orders: new Map<OrderId, Reading<ShownOrder | 'absent'>>(
        recorded.map(({ orderId }) => {
          const order = orders.find((one) => one.orderId === orderId);
          if (order === undefined) return [orderId, read<'absent'>('absent')];
          return [orderId, read({ lines: order.lines, status: order.status, text: JSON.stringify(order) })];
        }),
      ),
      pools: new Map([[tea, read(pools)]]),
    },
  };
}

const totalMinor = 500;

const finalOrder = ({ order: { orderId, client, lines }, status }: Placed): FinalOrder => ({
  orderId,
  customer: client.customer,
  status,
  cancelReason: status === 'cancelled' ? 'out-of-stock' : null,
  lines: lines.map((line, i) => ({ lineNumber: i + 1, ...line, shipped: 0, returned: 0 })),
  totalMinor,
  shippedMinor: 0,
  returnedMinor: 0,
});

const isHeld = ({ status }: Placed): boolean => status === 'confirmed';

const reservation = ({ order: { orderId, client, lines }, ...placed }: Placed): FinalReservation => ({
  orderId,
  shard: shardId({ service: 'inventory', home: client.home, partition: 0 }),
  home: client.home,
  status: placed.status === 'confirmed' ? 'reserved' : 'released',
  held: placed.status === 'confirmed' ? lines : [],
});

const payment = ({ order: { orderId }, status }: Placed): FinalPayment => ({
  orderId,
  status: status === 'confirmed' ? 'authorized' : 'voided',
  authorizedMinor: totalMinor,
  capturedMinor: 0,
  refundedMinor: 0,
  outstanding: 0,
  refused: 0,
});

const account = ({ order: { orderId }, status }: Placed): LedgerAccount => ({
  orderId,
  authorizations: 1,
  authorizedMinor: totalMinor,
  voided: status === 'cancelled',
  charges: 0,
  capturedMinor: 0,
  refundedMinor: 0,
});

/** Confirmed orders of two units each; one unit came from the east's pool into the west's. */
function poolOf(home: Region, placed: readonly Placed[]): FinalPool {
  const reserved = 2 * placed.filter((one) => isHeld(one) && one.order.client.home === home).length;
  const [sent, arrived] = home === east ? [1, 0] : [0, 1];
  return { sku: tea, home, available: 50 - reserved - sent + arrived, reserved, shipped: 0, received: 50, adjusted: 0, sent, arrived };
}
