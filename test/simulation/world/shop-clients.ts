import {
  commandIdOf,
  customerId,
  homeOf,
  instantOf,
  mergeTokens,
  operationIdOf,
  orderIdOf,
  partitionOf,
  requestFingerprint,
  shardId,
  sku,
  type CustomerId,
  type OrderCommand,
  type OrderId,
  type Region,
  type Service,
  type ShardId,
  type ShardSeqs,
  type Sku,
  type Topology,
} from '#contracts';
import type { AskedWrite, HistoryRecorder, OpenOperation } from '#checkers';
import type { SendCommand } from '#shard-log';
import type { SeededRandom } from '#test-kit';
import type { Edge, EdgeAnswer } from './edge.ts';
import { unitsIn, type OrderRow } from './order-table.ts';
import type { RegionPostgres } from './region-postgres.ts';
import { epochMs, type VirtualTimers } from './virtual-timers.ts';

export interface ShopOptions {
  readonly topology: Topology;
  readonly regions: readonly Region[];
  readonly timers: VirtualTimers;
  readonly random: SeededRandom;
  readonly recorder: HistoryRecorder;
  readonly edge: Edge;
  readonly postgresOf: (region: Region) => RegionPostgres;
  /** Whether clients reach the region at all. */
  readonly isReachable: (region: Region) => boolean;
  /** Chance that an answer to a client is lost. */
  readonly answersLost: () => number;
  /** A write was answered as done, or refused, on this seq. */
  onAnswered(shard: ShardId, seq: number): void;
  onDone(kind: string, outcome: string): void;
}

interface Session {
  readonly name: string;
  readonly customer: CustomerId;
  region: Region;
  token: ShardSeqs;
  busy: boolean;
}

interface KnownOrder {
  readonly orderId: OrderId;
  readonly customer: CustomerId;
  readonly lines: readonly { readonly lineNumber: number; readonly sku: Sku; readonly quantity: number }[];
}

const attemptMs = 2_500;
const attemptsMax = 4;

/** Customers and operators: each session asks one thing at a time, gives up after a while, and asks again, elsewhere, with the same key. */
export class ShopClients {
  readonly skus: readonly Sku[];
  readonly #with: ShopOptions;
  readonly #sessions: readonly Session[];
  readonly #orders: KnownOrder[] = [];
  #operations = 0;
  isOpen = true;

  constructor(options: ShopOptions, sessions: number, skus: number) {
    this.#with = options;
    this.skus = Array.from({ length: skus }, (_, index) => sku(`sku ${index}`));
    this.#sessions = Array.from({ length: sessions }, (_, index) => {
      const customer = customerId(`customer-${index}`);
      return { name: `client ${index}`, customer, region: homeOf(options.topology, customer), token: {}, busy: false };
    });
  }

  get isQuiet(): boolean {
    return this.#sessions.every(({ busy }) => !busy);
  }

  get placed(): readonly OrderId[] {
    return this.#orders.map(({ orderId }) => orderId);
  }

  /** Stocks every pool; each receipt is asked for until it is acknowledged. */
  async stock(homes: readonly Region[]): Promise<void> {
    const { random, topology, recorder } = this.#with;
    const all = homes.flatMap((home) => this.skus.map((of) => ({ home, sku: of, quantity: 1 + random.below(20) })));
    await Promise.all(
      all.map(async (stock) => {
        const { home, sku: of, quantity } = stock;
        const receiptId = operationIdOf('rcp', home, of);
        const command = { type: 'ReceiveStock', receiptId, sku: of, quantity, now: this.#now() } as const;
        const shard = shardId({ service: 'inventory', home, partition: partitionOf(of, topology.partitions) });
        const sent = { shard, key: of, commandId: commandIdOf('receive', receiptId), correlation: receiptId, traceparent: '', command };
        for (let attempt = 0; attempt < 200; attempt++) {
          const answer = await this.#ask(attempt === 0 ? home : random.pick(this.#with.regions), { ...sent, deadlineMs: attemptMs });
          if (answer.outcome === 'ok') return recorder.planted(stock);
          await this.#pause(200);
        }
      }),
    );
  }

  /** Some idle session begins something. */
  begin(): void {
    const { random, timers } = this.#with;
    const session = random.pick(this.#sessions);
    if (session.busy || !this.isOpen) return;
    session.busy = true;
    timers.within(client, () => void this.#do(session).finally(() => (session.busy = false)));
  }

  async #do(session: Session): Promise<void> {
    const { random, regions } = this.#with;
    if (random.chance(0.1)) session.region = random.pick(regions);
    const what = random.below(100);
    const order = this.#orders.length > 0 ? this.#orders[Math.max(0, this.#orders.length - 1 - random.below(12))] : undefined;
    if (order === undefined || what < 30) return this.#place(session);
    if (what < 40) return this.#cancel(session, order);
    if (what < 55) return this.#move(session, order, 'ship');
    if (what < 62) return this.#move(session, order, 'return');
    return this.#read(session, order);
  }

  async #place(session: Session): Promise<void> {
    const { random } = this.#with;
    const { customer } = session;
    const key = `key-${++this.#operations}`;
    const orderId = orderIdOf(customer, key);
    const lines = random
      .shuffled(this.skus)
      .slice(0, 1 + random.below(3))
      .map((of, index) => ({ lineNumber: index + 1, sku: of, quantity: 1 + random.below(random.chance(0.1) ? 12 : 3) }));
    const body = { currency: 'GBP', lines: lines.map(({ sku: of, quantity }) => ({ sku: of, quantity })) };
    const fingerprint = requestFingerprint({ ...body, customerId: customer });
    const command: Extract<OrderCommand, { type: 'PlaceOrder' }> = {
      type: 'PlaceOrder',
      orderId,
      customerId: customer,
      currency: 'GBP',
      lines: lines.map((line) => ({ ...line, name: line.sku, unitPriceMinor: random.chance(0.1) ? 0 : 100 + random.below(900) })),
      surcharges: random.chance(0.2) ? [{ code: 'POST', description: 'Carriage', amountMinor: 350 }] : [],
      requestFingerprint: fingerprint,
      now: this.#now(),
    };
    this.#orders.push({ orderId, customer, lines });
    const commandId = commandIdOf('place', orderId, fingerprint);
    await this.#write(
      session,
      { kind: 'place', key, customer, orderId, lines: body.lines },
      { ...this.#toOrder(customer, orderId), commandId, command, mayOvertake: true },
    );
  }

  async #cancel(session: Session, { orderId, customer }: KnownOrder): Promise<void> {
    const key = `key-${++this.#operations}`;
    const command: OrderCommand = { type: 'CancelOrder', orderId, reason: 'requested-by-customer', now: this.#now() };
    const commandId = commandIdOf('cancelorder', orderId, key);
    await this.#write(session, { kind: 'cancel', orderId, customer }, { ...this.#toOrder(customer, orderId), commandId, command });
  }

  async #move(session: Session, { orderId, customer, lines: ordered }: KnownOrder, kind: 'ship' | 'return'): Promise<void> {
    const { random } = this.#with;
    const lines = ordered
      .filter(() => random.chance(0.7))
      .map(({ lineNumber, quantity }) => ({ lineNumber, quantity: 1 + random.below(quantity) }));
    if (lines.length === 0) return;
    const operationId = operationIdOf(kind === 'ship' ? 'shp' : 'ret', orderId, `key-${++this.#operations}`);
    const now = this.#now();
    const command: OrderCommand =
      kind === 'ship'
        ? { type: 'ShipLines', orderId, shipmentId: operationId, lines, now }
        : { type: 'ReturnLines', orderId, returnId: operationId, lines, now };
    const commandId = commandIdOf(command.type.toLowerCase(), orderId, operationId);
    await this.#write(session, { kind, orderId, operationId, lines }, { ...this.#toOrder(customer, orderId), commandId, command });
  }

  /** Asks until something is certain, a few times at most; every attempt is an operation of its own. */
  async #write(session: Session, asked: AskedWrite, sent: Omit<SendCommand, 'deadlineMs'>): Promise<void> {
    const { random, regions, timers, recorder } = this.#with;
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      if (attempt > 0) {
        await this.#pause(100 + random.below(400));
        if (random.chance(0.7)) session.region = random.pick(regions);
      }
      const { token } = session;
      const begun = { session: session.name, invokedMs: timers.nowMs, deadlineMs: timers.nowMs + attemptMs + 500, token };
      const operation = recorder.invoke(asked, begun);
      const answer = await this.#ask(session.region, { ...sent, deadlineMs: attemptMs - 200 });
      this.#record(session, operation, asked, sent.shard, answer);
      this.#with.onDone(asked.kind, answer.outcome);
      if (answer.outcome === 'ok' || (answer.outcome === 'refused' && !isOfThePlace(answer.code))) return;
    }
  }

  #record(session: Session, operation: OpenOperation, asked: AskedWrite, shard: ShardId, answer: EdgeAnswer): void {
    const { timers } = this.#with;
    if (answer.outcome === 'unknown') return operation.unknown(timers.nowMs, answer.because);
    if (answer.outcome === 'refused') return operation.refused(timers.nowMs, answer.code, answer.region);
    this.#with.onAnswered(shard, answer.seq);
    const token = { [shard]: answer.seq };
    session.token = mergeTokens(session.token, token);
    const { durability } = answer;
    if (asked.kind === 'place')
      operation.ok(timers.nowMs, answer.region, {
        kind: 'place',
        durability,
        token,
        orderId: asked.orderId,
        placedNow: answer.changed,
        status: 'pending',
      });
    else operation.ok(timers.nowMs, answer.region, { kind: asked.kind, durability, token });
  }

  /** In some region, with the session's token: shown what is at least as new, or nothing. */
  async #read(session: Session, { orderId, customer }: KnownOrder): Promise<void> {
    const { random, regions, timers, recorder, postgresOf, isReachable } = this.#with;
    const region = random.chance(0.5) ? session.region : random.pick(regions);
    const { token } = session;
    const shard = this.#toOrder(customer, orderId).shard;
    const begun = { session: session.name, invokedMs: timers.nowMs, deadlineMs: timers.nowMs + 1_500, token };
    const operation = recorder.invoke({ kind: 'read-order', orderId }, begun);
    const hasReached = (): boolean => (token[shard] ?? 0) <= postgresOf(region).seqOf(shard);
    while (!hasReached() && timers.nowMs < begun.invokedMs + 1_000) await this.#pause(100);
    if (!isReachable(region)) return operation.unknown(timers.nowMs, 'connection lost');
    if (!hasReached()) return operation.refused(timers.nowMs, 'consistency-unreached', region);
    const row = postgresOf(region).orders.rows.get(orderId);
    const seen = row === undefined ? ({} as ShardSeqs) : { [row.shard]: row.seq };
    session.token = mergeTokens(session.token, seen);
    operation.ok(timers.nowMs, region, { kind: 'read-order', token: seen, order: row === undefined ? 'absent' : shownOf(row) });
    this.#with.onDone('read', 'ok');
  }

  async #ask(at: Region, command: SendCommand): Promise<EdgeAnswer> {
    const { edge, isReachable, random, answersLost } = this.#with;
    if (!isReachable(at)) return { outcome: 'refused', region: at, code: 'unavailable' };
    const lost = random.chance(answersLost());
    const timedOut = this.#pause(command.deadlineMs + 200).then((): EdgeAnswer => ({ outcome: 'unknown', because: 'timeout' }));
    if (lost) {
      void edge.decide(at, command);
      return timedOut;
    }
    return Promise.race([edge.decide(at, command), timedOut]);
  }

  #toOrder(customer: CustomerId, orderId: OrderId) {
    const { topology } = this.#with;
    const shard = shardId({
      service: 'order' satisfies Service,
      home: homeOf(topology, customer),
      partition: partitionOf(orderId, topology.partitions),
    });
    return { shard, key: orderId, correlation: orderId, traceparent: '' };
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void setTimeout(resolve, ms));
  }

  #now(): string {
    return instantOf(epochMs + this.#with.timers.nowMs);
  }
}

/** Clients belong to no region: nothing pauses them. */
const client = { isPaused: false, isDead: false };

/** Refused by where it was asked, not by what it asks: worth another try elsewhere. */
const isOfThePlace = (code: string): boolean =>
  ['unavailable', 'owner-unavailable', 'not-owned-here', 'consistency-unreached'].includes(code);

const shownOf = ({ orderId, status, lines }: OrderRow) => ({
  orderId,
  status,
  unitsShipped: unitsIn(lines, 'shipped'),
  unitsReturned: unitsIn(lines, 'returned'),
  lines: lines.map(({ lineNumber, sku: of, quantity }) => ({ lineNumber, sku: of, quantity })),
});
