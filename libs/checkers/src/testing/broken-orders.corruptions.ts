import type { OrderId, OrderStatus } from '#contracts';
import { any, by, change, ended, itemsOf, nobody, without, type Corruption, type ItemOf, type Planted } from './planting.ts';
import type { tea } from './serial-shop.model.ts';

type Order = ItemOf<'orders'>;
const isAcknowledged = ({ orderId }: Order, evidence: Planted): boolean =>
  ended(evidence, 'place').some(({ asked }) => asked.orderId === orderId);
const is =
  (...statuses: OrderStatus[]) =>
  ({ status }: Order): boolean =>
    statuses.includes(status);
const orderIn = ({ final }: Planted, orderId: OrderId): Order | undefined =>
  itemsOf(final.regions[1]!, 'orders').find((order) => order.orderId === orderId);
const statusOf = (evidence: Planted, orderId: OrderId): string => orderIn(evidence, orderId)?.status ?? 'absent';
const inApi = ({ final }: Planted): Map<OrderId, unknown> => final.regions[1]!.shown!.orders;

export const brokenOrders: readonly Corruption[] = [
  {
    what: 'an acknowledged order is lost in one region',
    finds: 'acknowledged-orders-are-present',
    plant: change('orders', 'in west', isAcknowledged, without),
  },
  {
    what: 'an acknowledged order is lost in both regions',
    finds: 'acknowledged-orders-are-present',
    plant: change('orders', 'in both', isAcknowledged, without),
  },
  {
    what: 'an acknowledged order has lost a line in both regions',
    finds: 'acknowledged-orders-are-present',
    plant: change('orders', 'in both', isAcknowledged, ({ lines }) => void lines.pop()),
  },
  {
    what: 'an acknowledged order holds something else',
    finds: 'acknowledged-orders-are-present',
    plant: change('orders', 'in both', isAcknowledged, ({ lines }) => void (lines[0]!.sku = 'COAL' as typeof tea)),
  },
  {
    what: 'an acknowledged order is absent from the API',
    finds: 'acknowledged-orders-are-present',
    plant: by('place', any, ({ asked }, evidence) => void inApi(evidence).set(asked.orderId, { kind: 'read', value: 'absent' })),
  },
  {
    what: 'the API does not say whether an acknowledged order is there',
    finds: 'acknowledged-orders-are-present',
    plant: by('place', any, ({ asked }, evidence) => void inApi(evidence).set(asked.orderId, { kind: 'unreadable', because: 'timeout' })),
  },
  {
    what: 'an acknowledged order is shown by the API in one region as it is not in the other',
    finds: 'orders-are-equal',
    plant: by('place', any, ({ asked }, evidence) => {
      const shown = inApi(evidence).get(asked.orderId) as { value: { text: string } };
      shown.value.text += ' ';
    }),
  },
  {
    what: 'an order has another status in one region',
    finds: 'orders-are-equal',
    plant: change('orders', 'in west', is('confirmed'), (order) => Object.assign(order, { status: 'cancelled', cancelReason: 'expired' })),
  },
  {
    what: 'an order stands in one region only',
    finds: 'orders-are-equal',
    plant: change('orders', 'in west', any, without),
  },
  {
    what: 'an acknowledged cancellation is undone',
    finds: 'acknowledged-changes-hold',
    plant: by('cancel', any, ({ asked }, evidence) => {
      for (const region of evidence.final.regions)
        for (const order of itemsOf(region, 'orders'))
          if (order.orderId === asked.orderId) Object.assign(order, { status: 'confirmed', cancelReason: null });
    }),
  },
  {
    what: 'an acknowledged shipment is forgotten',
    finds: 'acknowledged-changes-hold',
    plant: by('ship', any, ({ asked }, evidence) => {
      for (const region of evidence.final.regions)
        for (const order of itemsOf(region, 'orders')) if (order.orderId === asked.orderId) order.lines[0]!.shipped = 0;
    }),
  },
  {
    what: 'an acknowledged return is forgotten',
    finds: 'acknowledged-changes-hold',
    plant: by('return', any, ({ asked }, evidence) => {
      for (const region of evidence.final.regions)
        for (const order of itemsOf(region, 'orders')) if (order.orderId === asked.orderId) order.lines[0]!.returned = 0;
    }),
  },
  {
    what: 'an order that was changed is gone',
    finds: 'acknowledged-changes-hold',
    plant: change(
      'orders',
      'in both',
      ({ orderId }, evidence) => ended(evidence, 'cancel').some(({ asked }) => asked.orderId === orderId),
      without,
    ),
  },
  {
    what: 'an order is cancelled for want of stock that was told to be confirmed',
    finds: 'acknowledged-changes-hold',
    plant: by(
      'place',
      ({ asked }, evidence) => {
        const reason = orderIn(evidence, asked.orderId)?.cancelReason;
        return reason === 'out-of-stock' || reason === 'payment-declined';
      },
      ({ answer }) => void (answer.status = 'confirmed'),
    ),
  },
  {
    what: 'an order is confirmed that was told to be cancelled',
    finds: 'acknowledged-changes-hold',
    plant: by(
      'place',
      ({ asked }, evidence) => statusOf(evidence, asked.orderId) === 'confirmed',
      ({ answer }) => void (answer.status = 'cancelled'),
    ),
  },
  {
    what: 'a key is answered with another order',
    finds: 'one-order-per-key',
    plant: by('place', any, ({ answer }) => void (answer.orderId = nobody)),
  },
  {
    what: 'an order holds its lines twice',
    finds: 'one-order-per-key',
    plant: change('orders', 'in both', any, ({ lines }) => void lines.push(...lines.map((line) => ({ ...line })))),
  },
  {
    what: 'an order stands twice',
    finds: 'one-order-per-key',
    plant: change('orders', 'in both', any, (order, all) => void all.push({ ...order })),
  },
  {
    what: 'an order was refused and stands',
    finds: 'nothing-refused-is-placed',
    plant: by('place', any, ({ asked }, { history }) => {
      for (const operation of history.operations)
        if (operation.asked.kind === 'place' && operation.asked.orderId === asked.orderId)
          operation.completion = { outcome: 'refused', atMs: operation.invokedMs, code: 'unknown-sku' };
    }),
  },
  {
    what: 'an order that nobody asked for stands',
    finds: 'nothing-unasked-happens',
    plant: change('orders', 'in both', any, (order, all) => void all.push({ ...order, orderId: nobody })),
  },
  {
    what: 'an order is cancelled by its customer, who did not ask',
    finds: 'nothing-unasked-happens',
    plant: change(
      'orders',
      'in both',
      ({ orderId }, { history }) => !history.operations.some(({ asked }) => asked.kind === 'cancel' && asked.orderId === orderId),
      (order) => Object.assign(order, { status: 'cancelled', cancelReason: 'requested-by-customer' }),
    ),
  },
  {
    what: 'units are shipped unasked',
    finds: 'nothing-unasked-happens',
    plant: change('orders', 'in both', any, ({ lines }) => void (lines.at(-1)!.shipped += 1_000)),
  },
  {
    what: 'units are returned unasked',
    finds: 'nothing-unasked-happens',
    plant: change('orders', 'in both', any, ({ lines }) => void (lines.at(-1)!.returned += 1_000)),
  },
  {
    what: 'an order is left pending',
    finds: 'every-order-is-decided',
    plant: change('orders', 'in both', any, (order) => void (order.status = 'pending')),
  },
];
