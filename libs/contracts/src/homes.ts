import { assert } from '#kernel';
import type { CustomerId, Region } from './ids.ts';

/** What every process must agree on for the life of the logs. */
export interface Homes {
  /** Regions that are home to customers, in the order that `homeOf` counts them in. One in an active-passive topology. */
  readonly homes: readonly Region[];
  /** Where products are decided. */
  readonly catalogue: Region;
  /** P: partitions of every sharded topic. Fixed for the life of a log. */
  readonly partitions: number;
}

const utf8 = new TextEncoder();

/**
 * Kafka's murmur2 (seed 0x9747b28c) over the UTF-8 bytes, as in org.apache.kafka.common.utils.Utils: our partitions equal those
 * of any Java producer. Returns a signed 32-bit integer. Pinned by test vectors.
 */
export function murmur2(text: string): number {
  const data = utf8.encode(text);
  const m = 0x5bd1e995;
  let h = 0x9747b28c ^ data.length;
  const tail = data.length & ~3;
  for (let i = 0; i < tail; i += 4) {
    let k = data[i]! | (data[i + 1]! << 8) | (data[i + 2]! << 16) | (data[i + 3]! << 24);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    k = Math.imul(k, m);
    h = Math.imul(h, m) ^ k;
  }
  const rest = data.length & 3;
  if (rest === 3) h ^= data[tail + 2]! << 16;
  if (rest >= 2) h ^= data[tail + 1]! << 8;
  if (rest >= 1) h = Math.imul(h ^ data[tail]!, m);
  h ^= h >>> 13;
  h = Math.imul(h, m);
  h ^= h >>> 15;
  return h | 0;
}

/** Partition of a stream key, as Kafka's default partitioner computes it. */
export function partitionOf(key: string, partitions: number): number {
  assert(partitions > 0, 'a topic has at least one partition');
  if (partitions === 1) return 0;
  return (murmur2(key) & 0x7fffffff) % partitions;
}

/** The region to which a customer and all its orders and payments belong. Pure, unchanged by takeovers. */
export function homeOf(topology: Pick<Homes, 'homes'>, customer: CustomerId): Region {
  const home = topology.homes[partitionOf(customer, topology.homes.length)];
  assert(home !== undefined, 'a topology has at least one home');
  return home;
}
