import { assert } from '#kernel';
import {
  customerId,
  homeOf,
  instantOf,
  orderId,
  partitionOf,
  region,
  shardId,
  shardOf,
  type AnyEvent,
  type CustomerId,
  type InventoryCommand,
  type OrderId,
  type Region,
  type ShardId,
  type Sku,
} from '#contracts';
import type { InventoryState, Pool } from '../../apps/inventory-service/src/domain/inventory.ts';
import { seededRandom, type SeededRandom } from '#test-kit';
import { outcomeCommand } from '../../apps/payment-service/src/call-provider/outcome.command.ts';
import { RegionReader } from './region.reader.ts';
import { shardHost, type ShardHost } from './shard.host.ts';
import { WorldProvider } from './world/payment-provider.ts';
import type { AnyCommand } from './world/region-processes.ts';

export interface Faults {
  /** Chance that a command that a process issued is lost: its sweeper must issue it again. */
  readonly loses: number;
  /** Chance that a delivered command comes again later. */
  readonly repeats: number;
  /** Chance that a card is declined. */
  readonly declines: number;
  /** Chance, per step, that all shards change their owner. */
  readonly takeovers: number;
  /** Milliseconds of clock per step, at most. */
  readonly stepMsMax: number;
}

interface Pending {
  readonly shard: ShardId;
  readonly command: AnyCommand;
}

const [east, west] = [region('east'), region('west')];
const stepsMax = 200_000;

/**
 * Deciders, process managers and a provider of two regions in one deterministic world. Each shard is serial, as its writer makes it;
 * everything between shards is a bag: commands are lost, repeated and overtake each other; each region reads each shard at its own
 * pace. What is written counts as settled: fences and receipts are simulated elsewhere.
 */
export class TwoRegions {
  readonly topology = { homes: [east, west], catalogue: east, partitions: 3 };
  readonly limits = { expireAfterMs: 60_000, awaitStockMs: 30_000 };
  readonly shards = new Map<ShardId, ShardHost>();
  readonly readers = [east, west].map((name) => new RegionReader(name, this.topology, this.limits));
  readonly random: SeededRandom;
  readonly provider: WorldProvider;
  readonly refusals: string[] = [];
  readonly #faults: Faults;
  readonly #bag: Pending[] = [];
  #ownerOfAll: Region | undefined;
  #nowMs = Date.parse('2026-11-21T10:00:00.000Z');

  constructor(seed: number, faults: Faults) {
    this.random = seededRandom(seed);
    this.provider = new WorldProvider(this.random, faults.declines, (what) => assert(false, what));
    this.#faults = faults;
  }

  get now(): string {
    return instantOf(this.#nowMs);
  }

  /** Queues a client's or operator's command, in random order with everything else. */
  offer(shard: ShardId, command: AnyCommand): void {
    this.#bag.push({ shard, command });
  }

  offerOrder(
    customer: CustomerId,
    command: Extract<AnyCommand, { type: 'PlaceOrder' | 'CancelOrder' | 'ShipLines' | 'ReturnLines' }>,
  ): void {
    this.offer(this.shardOfOrder('order', customer, command.orderId), command);
  }

  /** Decides at once: how a test lays out stock before it begins. */
  decideNow(home: Region, command: Extract<InventoryCommand, { sku: Sku }>): void {
    this.#decide({ shard: this.shardOfSku(home, command.sku), command });
  }

  shardOfSku = (home: Region, sku: Sku): ShardId =>
    shardId({ service: 'inventory', home, partition: partitionOf(sku, this.topology.partitions) });

  shardOfOrder = (service: 'order' | 'payment', customer: CustomerId, order: OrderId): ShardId =>
    shardId({ service, home: homeOf(this.topology, customer), partition: partitionOf(order, this.topology.partitions) });

  pools(sku: Sku): readonly Pool[] {
    return this.topology.homes
      .map((home) => (this.stateOf(this.shardOfSku(home, sku), `pool:${sku}`) ?? {}) as Pool)
      .filter(({ kind }) => kind === 'pool');
  }

  stateOf = (shard: ShardId, stream: string): unknown => this.shards.get(shard)?.states.get(stream);

  events(): readonly { readonly shard: ShardId; readonly event: AnyEvent }[] {
    return [...this.shards].flatMap(([shard, { commits }]) => commits.flat().map((event) => ({ shard, event })));
  }

  /** One random thing happens. */
  step(): void {
    this.#nowMs += this.random.below(this.#faults.stepMsMax + 1);
    if (this.random.chance(this.#faults.takeovers)) this.#ownerOfAll = this.random.pick([east, west, undefined]);
    const what = this.random.below(100);
    const reader = this.random.pick(this.readers);
    if (what < 45) this.#deliverOne();
    else if (what < 90) this.#readOne(reader);
    else if (what < 97) this.#callProvider(reader);
    else this.#issue(reader, reader.sweep(this.now));
  }

  /** Goes on without new input until nothing moves and nobody needs anything; lets time pass when only that helps. */
  settle(): void {
    for (let round = 0; round < 200; round++) {
      for (let steps = 0; this.#bag.length > 0 || this.#lagging().length > 0; steps++) {
        assert(steps < stepsMax, 'the system comes to rest');
        if (this.#bag.length > 0) this.#deliverOne();
        for (const reader of this.readers) this.#readOne(reader);
      }
      for (const reader of this.readers) this.#callProvider(reader);
      for (const reader of this.readers) this.#issue(reader, reader.sweep(this.now));
      if (this.#bag.length > 0) continue;
      if (this.readers.every((reader) => reader.unfinished().length === 0 && reader.calls().length === 0)) return;
      this.#nowMs += 10_000;
    }
    assert(
      false,
      `nobody moves, and yet: ${this.readers
        .flatMap((reader) => reader.unfinished())
        .slice(0, 3)
        .join('\n')}`,
    );
  }

  #owns = (by: Region, shard: ShardId): boolean => (this.#ownerOfAll ?? shardOf(shard).home) === by;

  #lagging(): readonly { reader: RegionReader; shard: ShardId }[] {
    return this.readers.flatMap((reader) =>
      [...this.shards]
        .filter(([shard, { commits }]) => (reader.positions.get(shard) ?? 0) < commits.length)
        .map(([shard]) => ({ reader, shard })),
    );
  }

  #deliverOne(): void {
    if (this.#bag.length === 0) return;
    const at = this.random.below(this.#bag.length);
    const pending = this.#bag[at]!;
    if (!this.random.chance(this.#faults.repeats)) {
      this.#bag[at] = this.#bag[this.#bag.length - 1]!;
      this.#bag.pop();
    }
    this.#decide(pending);
  }

  #decide({ shard, command }: Pending): void {
    const host = this.shards.get(shard) ?? shardHost(shardOf(shard).service);
    this.shards.set(shard, host);
    const decision = host.decide(command);
    if (decision.outcome === 'refused') this.refusals.push(`${command.type}: ${decision.refusal.code}`);
    else if (decision.events.length > 0 && shard.startsWith('inventory')) this.#poolsAreNotNegative(host);
  }

  #poolsAreNotNegative(host: ShardHost): void {
    for (const [id, state] of host.states as ReadonlyMap<string, InventoryState>) {
      if (state.kind !== 'pool') continue;
      const { available, reserved, shipped, sent, received, adjusted, arrived } = state;
      assert(available >= 0 && reserved >= 0 && shipped >= 0, `${id} is negative: ${JSON.stringify(state)}`);
      assert(available + reserved + shipped + sent === received + adjusted + arrived, `${id} does not add up: ${JSON.stringify(state)}`);
    }
  }

  #readOne(reader: RegionReader): void {
    const behind = this.#lagging().filter((each) => each.reader === reader);
    if (behind.length === 0) return;
    const { shard } = this.random.pick(behind);
    const commit = this.shards.get(shard)?.commits[reader.positions.get(shard) ?? 0];
    assert(commit !== undefined, 'a shard that is behind has a commit to read');
    this.#issue(reader, reader.read(shard, commit, this.now));
  }

  #issue(reader: RegionReader, commands: readonly Pending[]): void {
    for (const { shard, command } of commands)
      if (this.#owns(reader.region, shard) && !this.random.chance(this.#faults.loses)) this.#bag.push({ shard, command });
  }

  #callProvider(reader: RegionReader): void {
    for (const call of reader.calls()) {
      const shard = this.#paymentShardOf(call.orderId);
      if (this.#owns(reader.region, shard))
        this.#bag.push({ shard, command: outcomeCommand(call, this.provider.ask(call), this.now).command });
    }
  }

  #paymentShardOf(order: OrderId): ShardId {
    const partition = partitionOf(order, this.topology.partitions);
    const found = this.topology.homes
      .map((home) => shardId({ service: 'payment', home, partition }))
      .find((shard) => this.stateOf(shard, `payment:${order}`) !== undefined);
    assert(found !== undefined, `a call follows from an intent: ${order}`);
    return found;
  }
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

export const orderNumber = (n: number): OrderId =>
  orderId(`ord_${Array.from({ length: 26 }, (_, i) => alphabet[Math.floor(n / 32 ** (i % 8)) % 32]).join('')}`);

/** A customer of that home. */
export function customerOf(topology: TwoRegions['topology'], home: Region, n: number): CustomerId {
  for (let i = 0; i < 64; i++) {
    const candidate = customerId(`customer-${n}-${i}`);
    if (homeOf(topology, candidate) === home) return candidate;
  }
  throw new RangeError(`no customer of ${home} found`);
}
