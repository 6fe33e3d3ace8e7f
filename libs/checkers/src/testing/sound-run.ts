import * as fc from 'fast-check';
import { orderIdOf, shardOf, type OrderId, type Region, type ShardId, type ShardSeqs, type Sku } from '#contracts';
import { assertNever } from '#kernel';
import type { Evidence } from '../checker.ts';
import type { FinalPool, FinalReads, Reading, RegionReads, SettledHistory, ShownOrder } from '../final-reads.ts';
import { HistoryRecorder, type OpenOperation } from '../history-recorder.ts';
import type { Asked, SkuUnits, WriteAnswered } from '../history.ts';
import { unitsOf } from '../texts.ts';
import { east, gift, mug, now, partitions, regions, SerialShop, tea, west, type Decided } from './serial-shop.model.ts';

const skus = [tea, mug, gift];
const stepMs = 10;
const deadlineMs = 5_000;

/** Whether the client heard what became of it, and whether it was done at all. */
const endings = ['heard', 'heard', 'heard', 'unheard', 'lost', 'refused'] as const;
const kinds = [
  ...(['place', 'place', 'again', 'cancel', 'ship', 'ship again', 'return'] as const),
  ...(['carry on', 'carry on', 'transfer', 'catch up', 'read order', 'list orders', 'read stock'] as const),
] as const;

export interface Step {
  readonly kind: (typeof kinds)[number];
  readonly client: number;
  readonly ending: (typeof endings)[number];
  readonly region: Region;
  /** Whether a read carries its session's token. */
  readonly carries: boolean;
  /** Picks an order, a sku, a quantity. */
  readonly pick: number;
}

export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(...kinds),
    client: fc.nat(3),
    ending: fc.constantFrom(...endings),
    region: fc.constantFrom(...regions),
    carries: fc.boolean(),
    pick: fc.nat(10_000),
  }),
  { maxLength: 60, size: 'max' },
);

interface Placed {
  readonly orderId: OrderId;
  readonly key: string;
  readonly client: number;
  readonly lines: readonly SkuUnits[];
  readonly shipments: string[];
}

/** Clients that take turns in a serial shop; what they heard, and what stands in the end, is right by construction. */
export function soundRun(script: readonly Step[]): Evidence {
  const run = new Run();
  for (const home of regions)
    for (const what of skus) {
      run.shop.receive(home, what, 12);
      run.recorder.planted({ sku: what, home, quantity: 12 });
    }
  for (const step of script) run.play(step);
  return run.end();
}

class Run {
  readonly shop = new SerialShop();
  readonly recorder = new HistoryRecorder({ partitions });
  readonly #placed: Placed[] = [];
  #nowMs = 0;
  #operations = 0;

  play(step: Step): void {
    this.#nowMs += stepMs;
    const order = this.#placed[step.pick % Math.max(1, this.#placed.length)];
    switch (step.kind) {
      case 'place': {
        const lines = Array.from({ length: 1 + (step.pick % 2) }, (_, i) => ({
          sku: skus[(step.pick + i) % 3]!,
          quantity: 1 + (step.pick % 4),
        }));
        const key = `key-${this.#placed.length}`;
        const orderId = orderIdOf(this.shop.sessions[step.client]!.customer, key);
        this.#placed.push({ orderId, key, client: step.client, lines, shipments: [] });
        return this.#place(this.#placed.at(-1)!, step);
      }
      case 'catch up':
        return this.shop.catchUp(step.region, (['order', 'inventory', 'payment'] as const)[step.pick % 3]);
      case 'transfer':
        return this.shop.transfer(step.region, step.region === east ? west : east, skus[step.pick % 3]!, 1 + (step.pick % 5));
      case 'read stock':
        return this.#readStock(step, skus[step.pick % 3]!);
      case 'list orders':
        return this.#listOrders(step);
      default:
        return order === undefined ? undefined : this.#about(order, step, step.kind);
    }
  }

  #about(order: Placed, step: Step, kind: Exclude<Step['kind'], 'place' | 'catch up' | 'transfer' | 'read stock' | 'list orders'>): void {
    const { orderId } = order;
    const row = this.shop.orders.get(orderId);
    const customer = this.shop.sessions[order.client]!.customer;
    switch (kind) {
      case 'again':
        return this.#place(order, step);
      case 'carry on':
        return row === undefined ? undefined : this.shop.carryOn(orderId, step.pick % 5 === 0);
      case 'cancel':
        return this.#write({ kind: 'cancel', orderId, customer }, step, () => this.shop.cancel(orderId));
      case 'ship':
      case 'ship again':
      case 'return': {
        const verb = kind === 'return' ? 'return' : 'ship';
        const again = kind === 'ship again' ? order.shipments[0] : undefined;
        const operationId = again ?? `${verb}-${this.#operations++}`;
        if (verb === 'ship' && again === undefined) order.shipments.push(operationId);
        const lines = [{ lineNumber: 1, quantity: again === undefined ? 1 + (step.pick % 2) : this.#unitsOf.get(again)! }];
        this.#unitsOf.set(operationId, lines[0]!.quantity);
        return this.#write({ kind: verb, orderId, operationId, lines }, step, () => this.shop.move(verb, orderId, operationId, lines));
      }
      case 'read order':
        return this.#readOrder(orderId, step);
      default:
        return assertNever(kind);
    }
  }
  readonly #unitsOf = new Map<string, number>();

  #place({ orderId, key, client, lines }: Placed, step: Step): void {
    const { customer } = this.shop.sessions[client]!;
    this.#write({ kind: 'place', key, customer, orderId, lines }, { ...step, client }, () => this.shop.place(customer, key, lines));
  }

  #write(asked: Asked & { readonly kind: WriteAnswered['kind'] }, { client, ending, region }: Step, decide: () => Decided): void {
    const operation = this.#begin(asked, client);
    if (ending === 'refused') return operation.refused(this.#nowMs, 'owner-unavailable', region);
    if (ending === 'lost') return operation.unknown(this.#nowMs, 'timeout');
    const decided = decide();
    if (ending === 'unheard') return operation.unknown(this.#nowMs, 'connection reset');
    if (decided.kind === 'refused') return operation.refused(this.#nowMs, decided.code, region);
    const { token, changed } = decided;
    this.shop.hears(this.shop.sessions[client]!, token);
    const written = { durability: 'global', token } as const;
    const answer: WriteAnswered =
      asked.kind === 'place'
        ? { kind: 'place', orderId: asked.orderId, placedNow: changed, status: 'pending', ...written }
        : { kind: asked.kind, ...written };
    return operation.ok(this.#nowMs, region, answer);
  }

  #readOrder(orderId: OrderId, step: Step): void {
    this.#read({ kind: 'read-order', orderId }, step, 'order', (operation, hear) => {
      const row = this.shop.orders.get(orderId);
      const seen = row && this.shop.seen(step.region, row);
      if (seen === undefined) return operation.ok(this.#nowMs, step.region, { kind: 'read-order', token: {}, order: 'absent' });
      const { status, lines } = seen.value;
      const units = { unitsShipped: sum(lines, 'shipped'), unitsReturned: sum(lines, 'returned') };
      hear(seen.token);
      return operation.ok(this.#nowMs, step.region, { kind: 'read-order', token: seen.token, order: { orderId, status, ...units, lines } });
    });
  }

  #listOrders(step: Step): void {
    const { customer } = this.shop.sessions[step.client]!;
    this.#read({ kind: 'list-orders', customer }, step, 'order', (operation, hear) => {
      const rows = [...this.shop.orders.values()].filter((row) => now(row).customer === customer);
      const orders = rows.flatMap((row) => {
        const seen = this.shop.seen(step.region, row)?.value;
        if (seen === undefined) return [];
        const { orderId, status, lines } = seen;
        return [{ orderId, status, unitsShipped: sum(lines, 'shipped'), unitsReturned: sum(lines, 'returned') }];
      });
      const home = rows[0] && shardOf(rows[0].shard).home;
      const progress = [...this.shop.progress.get(step.region)!].filter(([shard]) => shard.startsWith(`order.${home}.`));
      const token: ShardSeqs = Object.fromEntries(progress);
      hear(token);
      operation.ok(this.#nowMs, step.region, { kind: 'list-orders', token, orders, complete: true });
    });
  }

  #readStock(step: Step, what: Sku): void {
    this.#read({ kind: 'read-stock', sku: what }, step, 'inventory', (operation, hear) => {
      const seen = [...this.shop.pools.values()]
        .filter((row) => now(row).sku === what)
        .flatMap((row) => this.shop.seen(step.region, row) ?? []);
      const token = Object.assign({}, ...seen.map((one) => one.token)) as ShardSeqs;
      hear(token);
      operation.ok(this.#nowMs, step.region, { kind: 'read-stock', token, pools: seen.map(({ value }) => value) });
    });
  }

  #read(
    asked: Asked,
    { client, region, carries, ending }: Step,
    service: 'order' | 'inventory',
    show: (operation: OpenOperation, hear: (token: ShardSeqs) => void) => void,
  ): void {
    const session = this.shop.sessions[client]!;
    const operation = this.#begin(asked, client, carries ? session.token : undefined);
    if (ending === 'lost') return operation.unknown(this.#nowMs, 'timeout');
    if (carries && !this.shop.reaches(region, session.token, service)) {
      if (ending === 'refused') return operation.refused(this.#nowMs, 'consistency-unreached', region);
      this.shop.catchUp(region, service); // it has waited
    }
    return show(operation, (token) => this.shop.hears(session, token));
  }

  #begin(asked: Asked, client: number, token?: ShardSeqs): OpenOperation {
    const begun = { session: `client ${client}`, invokedMs: this.#nowMs - stepMs / 2, deadlineMs: this.#nowMs + deadlineMs };
    return this.recorder.invoke(asked, token === undefined ? begun : { ...begun, token });
  }

  /** Everything that is pending is carried on, and every region reads to the end. */
  end(): Evidence {
    for (const orderId of this.shop.orders.keys()) this.shop.carryOn(orderId, false);
    for (const name of regions) this.shop.catchUp(name);
    const final: FinalReads = {
      living: regions,
      regions: regions.map((name) => this.#readsOf(name)),
      ledger: read([...this.shop.ledger.values()]),
    };
    return { history: this.recorder.close(this.#nowMs), final };
  }

  #readsOf(name: Region): RegionReads {
    const { shop } = this;
    const orders = [...shop.orders.values()].map(now);
    const pools = [...shop.pools.values()].map(now);
    const shown = new Map<OrderId, Reading<ShownOrder | 'absent'>>(
      this.#placed.map(({ orderId }) => {
        const order = orders.find((one) => one.orderId === orderId);
        if (order === undefined) return [orderId, read<'absent'>('absent')];
        return [orderId, read({ lines: order.lines, status: order.status, text: JSON.stringify(order) })];
      }),
    );
    return {
      region: name,
      orders: read(orders),
      pools: read(pools),
      reservations: read([...shop.reservations.values()].flat().map(now)),
      payments: read([...shop.payments.values()].map(now)),
      settled: read([...shop.logs].flatMap(([shard, commits]) => readersOf(shard, commits))),
      checksums: read(new Map([['order.orders', `${orders.length} rows`]])),
      shown: { orders: shown, pools: new Map(skus.map((what) => [what, read(pools.filter((pool: FinalPool) => pool.sku === what))])) },
    };
  }
}

/** One that reads all of it at the end, and one that was there for the second half. */
function readersOf(shard: ShardId, commits: SettledHistory['commits']): readonly SettledHistory[] {
  const after = commits.length >> 1;
  return [
    { reader: 'late', shard, after: 0, commits },
    { reader: 'projector', shard, after, commits: commits.slice(after) },
  ];
}

const read = <T>(value: T): Reading<T> => ({ kind: 'read', value });
const sum = (lines: readonly { readonly shipped: number; readonly returned: number }[], field: 'shipped' | 'returned'): number =>
  unitsOf(lines.map((line) => ({ quantity: line[field] })));
