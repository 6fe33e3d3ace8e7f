import { shardOf, type OrderId, type ShardId, type ShardSeqs } from '#contracts';
import type { Checker } from './checker.ts';
import type { Violation } from './violation.ts';
import type { Findings } from './findings.ts';
import type { History, Operation, OrderSummarySeen } from './history.ts';
import { rankOf, statusOfRank, toldByReads, toldByWrites, type Known, type KnownOrders, type Told } from './known-orders.ts';
import { linesText, okOf, operationText, poolName, poolText, seconds } from './texts.ts';

/**
 * What a consistency token promises, and no more: a read that carries it shows everything up to the seqs that it names, in whichever
 * region. Whose token it was does not matter, so sessions are not looked at. A read without a token, or one that answers that it
 * cannot show as much yet, promises nothing.
 */
export const readYourWrites: Checker = {
  name: 'read-your-writes',
  promise: 'A read that carries the token of an acknowledged order, cancellation, shipment or return shows it, in every region',
  judge: ({ history }, findings) => judgeOrderReads(history, toldByWrites(history), findings),
};

export const readsNeverGoBack: Checker = {
  name: 'reads-never-go-back',
  promise: 'A read that carries the token of an earlier read shows nothing older, in every region, and of one version the same',
  judge: ({ history }, findings) => {
    judgeOrderReads(history, toldByReads(history), findings);
    versionsNeverGoBack(history, findings);
  },
};

function judgeOrderReads(history: History, known: KnownOrders, findings: Findings): void {
  for (const operation of history.operations) {
    const [answer, { token, asked }] = [okOf(operation)?.answer, operation];
    if (token === undefined || answer === undefined) continue;
    if (answer.kind === 'read-order' && asked.kind === 'read-order') {
      const must = known.byId.get(asked.orderId)?.underToken(token);
      if (must !== undefined) judgeOrder(answer.order, must, { operation, orderId: asked.orderId }, findings);
    } else if (answer.kind === 'list-orders' && asked.kind === 'list-orders') {
      const seen = new Map(answer.orders.map((order) => [order.orderId, order]));
      for (const order of known.byCustomer.get(asked.customer) ?? []) {
        const must = order.underToken(token);
        const found = seen.get(order.orderId);
        // An order that is absent from a list that was not read to its end may stand behind it.
        if (must === undefined || (found === undefined && !answer.complete)) continue;
        judgeOrder(found ?? 'absent', must, { operation, orderId: order.orderId }, findings);
      }
    }
  }
}

function judgeOrder(
  seen: OrderSummarySeen | 'absent',
  must: Known,
  { operation, orderId }: { readonly operation: Operation; readonly orderId: OrderId },
  findings: Findings,
): void {
  const shows = (what: string, told: Told, was: string) => (): Violation => ({
    where: regionOf(operation),
    what: `${operationText(operation)} shows order ${orderId} ${what}; its token names what was ${was} to ${told.by}`,
    about: orderId,
  });
  if (seen === 'absent') return findings.expect(false, shows('absent', must.rank, 'told'));
  findings.expect(rankOf[seen.status] >= must.rank.value, shows(seen.status, must.rank, `told as ${statusOfRank(must.rank.value)}`));
  findings.expect(
    seen.unitsShipped >= must.shipped.value,
    shows(`with ${seen.unitsShipped} units shipped`, must.shipped, `told as ${must.shipped.value}`),
  );
  findings.expect(
    seen.unitsReturned >= must.returned.value,
    shows(`with ${seen.unitsReturned} units returned`, must.returned, `told as ${must.returned.value}`),
  );
  return undefined;
}

const regionOf = (operation: Operation): string => okOf(operation)?.region ?? 'clients';

/** One row that a read showed, as of the commit that its answer's token names. */
interface Version {
  readonly operation: Operation;
  readonly name: string;
  readonly shard: ShardId;
  readonly seq: number;
  readonly text: string;
}

/**
 * Of all versions of a row that reads have ever shown, a read shows no less than the newest that its token covers; two reads of one
 * version show the same; and a list has read each shard as far as its token says.
 */
function versionsNeverGoBack({ operations }: History, findings: Findings): void {
  const versions = operations.flatMap(versionsIn);
  const seqs = new Map<string, number[]>();
  const texts = new Map<string, Version>();
  for (const version of versions) {
    const { name, seq, text } = version;
    const known = seqs.get(name);
    if (known === undefined) seqs.set(name, [seq]);
    else known.push(seq);
    const first = texts.get(`${name} ${seq}`) ?? version;
    texts.set(`${name} ${seq}`, first);
    findings.expect(first.text === text, () => goesBack(version.operation, anotherState(version, first))());
  }
  for (const known of seqs.values()) known.sort((a, b) => a - b);
  for (const { operation, name, shard, seq } of versions) {
    const least = newestUpTo(seqs.get(name) ?? [], operation.token?.[shard] ?? 0);
    if (least === undefined) continue;
    findings.expect(
      seq >= least,
      goesBack(operation, `shows ${name} as of seq ${seq} of ${shard}; its token covers seq ${least}, shown before`),
    );
  }
  for (const operation of operations) listReaches(operation, findings);
}

const anotherState = ({ name, seq, text }: Version, first: Version): string =>
  `shows ${name} as of seq ${seq} in another state than ${first.operation.session} at ${seconds(first.operation.invokedMs)}: ${text}, and ${first.text}`;

const goesBack = (operation: Operation, what: string) => (): Violation => ({
  where: regionOf(operation),
  what: `${operationText(operation)} ${what}`,
});

function versionsIn(operation: Operation): readonly Version[] {
  const answer = okOf(operation)?.answer;
  if (answer === undefined || answer.kind === 'list-orders') return [];
  if (answer.kind === 'read-order') {
    if (answer.order === 'absent') return [];
    const { orderId, status, unitsShipped, unitsReturned, lines } = answer.order;
    const text = `${status}, ${linesText(lines)}, ${unitsShipped} shipped, ${unitsReturned} returned`;
    return entriesOf(answer.token).map(([shard, seq]) => ({ operation, name: `order ${orderId}`, shard, seq, text }));
  }
  if (answer.kind !== 'read-stock' || operation.asked.kind !== 'read-stock') return [];
  const { sku } = operation.asked;
  const pools = new Map(answer.pools.map((pool) => [pool.home, pool]));
  return entriesOf(answer.token).flatMap(([shard, seq]) => {
    const pool = pools.get(shardOf(shard).home);
    return pool === undefined ? [] : [{ operation, name: poolName({ sku, home: pool.home }), shard, seq, text: poolText(pool) }];
  });
}

const entriesOf = (token: ShardSeqs): [ShardId, number][] => Object.entries(token) as [ShardId, number][];

/** Of ascending numbers the last that is not above `most`. */
function newestUpTo(ascending: readonly number[], most: number): number | undefined {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! <= most) low = middle + 1;
    else high = middle;
  }
  return ascending[low - 1];
}

function listReaches(operation: Operation, findings: Findings): void {
  const [answer, { token }] = [okOf(operation)?.answer, operation];
  if (answer?.kind !== 'list-orders' || token === undefined) return;
  const homes = new Set(entriesOf(answer.token).map(([shard]) => shardOf(shard).home));
  for (const [shard, seq] of entriesOf(token)) {
    const { service, home } = shardOf(shard);
    if (service !== 'order' || !homes.has(home)) continue;
    const reached = answer.token[shard] ?? 0;
    findings.expect(reached >= seq, goesBack(operation, `has read ${shard} to seq ${reached}; its token names seq ${seq}`));
  }
}
