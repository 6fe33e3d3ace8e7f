import type { OrderId, ShardId, ShardSeqs } from '#contracts';
import type { OrderSeen } from '../history.ts';
import { andThen, any, by, change, itemsOf, one, type Corruption, type Ended, type ItemOf, type Pick, type Planted } from './planting.ts';

type Settled = ItemOf<'settled'>;
const has =
  (least: number, reader: 'late' | 'projector' = 'late') =>
  (history: Settled): boolean =>
    history.reader === reader && history.commits.length >= least;

const logs: readonly Corruption[] = [
  {
    what: 'a region has settled another commit under a seq',
    finds: 'one-commit-per-seq',
    plant: change('settled', 'in west', has(1), ({ commits }) => void (commits[commits.length >> 1]!.events = 'another')),
  },
  {
    what: 'a reader was shown another commit while the run went on',
    finds: 'one-commit-per-seq',
    plant: change('settled', 'in west', has(1, 'projector'), ({ commits }) => void (commits[0]!.writer = '1/2/zombie')),
  },
  {
    what: 'a commit settled with another cause',
    finds: 'one-commit-per-seq',
    plant: change('settled', 'in west', has(1), ({ commits }) => void (commits.at(-1)!.cause = 'another')),
  },
  {
    what: 'a history has a gap in both regions',
    finds: 'one-commit-per-seq',
    plant: change('settled', 'in both', has(3), ({ commits }) => void commits.splice(1, 1)),
  },
  {
    what: 'a history does not begin at its beginning',
    finds: 'one-commit-per-seq',
    plant: change('settled', 'in both', has(2), ({ commits }) => void commits.shift()),
  },
  {
    what: 'a seq is settled twice',
    finds: 'one-commit-per-seq',
    plant: change('settled', 'in both', has(1), ({ commits }) => void commits.push({ ...commits.at(-1)! })),
  },
  {
    what: 'a client is answered on a commit that is not in the history',
    finds: 'one-commit-per-seq',
    plant: by('place', any, ({ answer }) => {
      for (const shard of Object.keys(answer.token) as ShardId[]) answer.token[shard] = 1_000;
    }),
  },
  {
    what: 'a region lacks the last commit of a shard',
    finds: 'histories-are-equal',
    plant: ({ final }, pick) => {
      const settled = itemsOf(final.regions[1]!, 'settled');
      const shard = one(
        settled.filter(({ commits }) => commits.length > 0),
        pick,
      )?.shard;
      for (const history of settled) if (history.shard === shard) history.commits.pop();
      return shard !== undefined;
    },
  },
  {
    what: 'a region lacks a shard',
    finds: 'histories-are-equal',
    plant: ({ final }, pick) => {
      const settled = itemsOf(final.regions[1]!, 'settled');
      const shard = one(settled.filter(has(1)), pick)?.shard;
      const kept = settled.filter((history) => history.shard !== shard);
      settled.splice(0, settled.length, ...kept);
      return shard !== undefined;
    },
  },
  {
    what: 'nobody has read a shard from its start',
    finds: 'histories-are-equal',
    plant: change('settled', 'in west', has(2), (history) => {
      history.commits.shift();
      history.after = 1;
    }),
  },
  {
    what: 'no log was read at all',
    finds: 'histories-are-equal',
    plant: ({ final }) => {
      for (const region of final.regions) itemsOf(region, 'settled').length = 0;
      return true;
    },
  },
];

const seen = (orderId: OrderId, status: OrderSeen['status'] = 'pending', units = 0): OrderSeen => ({
  orderId,
  status,
  unitsShipped: units,
  unitsReturned: 0,
  lines: [],
});
const isSeen = ({ answer }: Ended<'read-order'>): boolean => answer.order !== 'absent';

/** A read of the order that carries the token, and what it shows. The answer's own token names no version. */
const thenReads = (evidence: Planted, orderId: OrderId, token: ShardSeqs, order: OrderSeen | 'absent'): void =>
  andThen(evidence, { kind: 'read-order', orderId }, token, { kind: 'read-order', token: {}, order });
const covers = ({ answer }: { readonly answer: { readonly token: ShardSeqs } }): boolean =>
  Object.values(answer.token).some((seq) => seq > 0);

const reads: readonly Corruption[] = [
  {
    what: 'a read with the token of an acknowledged order does not find it',
    finds: 'read-your-writes',
    plant: by('place', any, ({ asked, answer }, evidence) => thenReads(evidence, asked.orderId, answer.token, 'absent')),
  },
  {
    what: 'a list with the token of an acknowledged order lacks it',
    finds: 'read-your-writes',
    plant: by('place', any, ({ asked: { customer }, answer: { token } }, evidence) =>
      andThen(evidence, { kind: 'list-orders', customer }, token, { kind: 'list-orders', token, orders: [], complete: true }),
    ),
  },
  {
    what: 'a read with the token of an acknowledged cancellation shows the order as it was',
    finds: 'read-your-writes',
    plant: by('cancel', any, ({ asked, answer }, evidence) =>
      thenReads(evidence, asked.orderId, answer.token, seen(asked.orderId, 'confirmed')),
    ),
  },
  {
    what: 'a read with the token of an acknowledged shipment shows less shipped',
    finds: 'read-your-writes',
    plant: by('ship', any, ({ asked, answer }, evidence) =>
      thenReads(evidence, asked.orderId, answer.token, seen(asked.orderId, 'confirmed')),
    ),
  },
  {
    what: 'a read with the token of an acknowledged return shows less returned',
    finds: 'read-your-writes',
    plant: by('return', any, ({ asked, answer }, evidence) =>
      thenReads(evidence, asked.orderId, answer.token, seen(asked.orderId, 'confirmed', 1_000)),
    ),
  },
  {
    what: 'a read with the token of an order that was told to be confirmed shows it pending',
    finds: 'read-your-writes',
    plant: by(
      'place',
      ({ answer }) => answer.placedNow,
      ({ asked, answer }, evidence) => {
        answer.status = 'confirmed';
        thenReads(evidence, asked.orderId, answer.token, seen(asked.orderId));
      },
    ),
  },
  {
    what: 'an order is gone again that a read has shown',
    finds: 'reads-never-go-back',
    plant: by('read-order', isSeen, ({ asked, answer }, evidence) => thenReads(evidence, asked.orderId, answer.token, 'absent')),
  },
  {
    what: 'a cancelled order is confirmed again',
    finds: 'reads-never-go-back',
    plant: by(
      'read-order',
      ({ answer }) => answer.order !== 'absent' && answer.order.status === 'cancelled',
      ({ asked, answer }, evidence) => thenReads(evidence, asked.orderId, answer.token, seen(asked.orderId, 'confirmed')),
    ),
  },
  {
    what: 'fewer units are shipped than a read has shown',
    finds: 'reads-never-go-back',
    plant: by(
      'read-order',
      ({ answer }) => answer.order !== 'absent' && answer.order.unitsShipped > 0,
      ({ asked, answer }, evidence) => thenReads(evidence, asked.orderId, answer.token, seen(asked.orderId, 'cancelled')),
    ),
  },
  {
    what: 'an order is gone again that a list has shown',
    finds: 'reads-never-go-back',
    plant: by(
      'list-orders',
      ({ answer }) => answer.orders.length > 0,
      ({ answer }, evidence) => thenReads(evidence, answer.orders[0]!.orderId, answer.token, 'absent'),
    ),
  },
  {
    what: 'a list has not read as far as its token',
    finds: 'reads-never-go-back',
    plant: by('list-orders', covers, ({ asked: { customer }, answer }, evidence) => {
      const token = Object.fromEntries(Object.entries(answer.token).map(([shard, seq]) => [shard, seq + 1]));
      const { orders } = answer;
      andThen(evidence, { kind: 'list-orders', customer }, token, { kind: 'list-orders', token: answer.token, orders, complete: false });
    }),
  },
  {
    what: 'a read shows an older version than its token covers',
    finds: 'reads-never-go-back',
    plant: by('read-order', isSeen, ({ asked, answer }, evidence) => {
      const older = Object.fromEntries(Object.entries(answer.token).map(([shard, seq]) => [shard, seq - 1]));
      andThen(evidence, asked, answer.token, { kind: 'read-order', token: older, order: answer.order });
    }),
  },
  {
    what: 'a read shows an older pool than its token covers',
    finds: 'reads-never-go-back',
    plant: by('read-stock', covers, ({ asked, answer }, evidence) => {
      const older = Object.fromEntries(Object.keys(answer.token).map((shard) => [shard, 0]));
      andThen(evidence, asked, answer.token, { kind: 'read-stock', token: older, pools: answer.pools });
    }),
  },
  {
    what: 'two reads of one version show different things',
    finds: 'reads-never-go-back',
    plant: by('read-order', isSeen, ({ asked, answer }, evidence) =>
      andThen(evidence, asked, undefined, { kind: 'read-order', token: answer.token, order: seen(asked.orderId) }),
    ),
  },
];

const openOperation = ({ history }: Planted, pick: Pick) =>
  one(
    history.operations.filter(({ completion }) => completion !== undefined),
    pick,
  );

const answers: readonly Corruption[] = [
  {
    what: 'an operation is never answered',
    finds: 'answers-come-in-time',
    plant: (evidence, pick) => {
      const operation = openOperation(evidence, pick);
      if (operation === undefined) return false;
      operation.completion = undefined;
      evidence.history.endedMs = operation.deadlineMs;
      return true;
    },
  },
  {
    what: 'an operation is answered after its deadline',
    finds: 'answers-come-in-time',
    plant: (evidence, pick) => {
      const operation = openOperation(evidence, pick);
      if (operation?.completion === undefined) return false;
      operation.completion.atMs = operation.deadlineMs + 1;
      return true;
    },
  },
];

export const brokenHistories: readonly Corruption[] = [...logs, ...reads, ...answers];
