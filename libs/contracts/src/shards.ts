import { assert } from '#kernel';
import type { Region } from './ids.ts';

/** The services that own a log. The catalogue's products are streams of `inventory`. */
export const services = ['order', 'inventory', 'payment'] as const;
export type Service = (typeof services)[number];

/** The unit of ownership, order and takeover: one writer at a time. */
export interface Shard {
  readonly service: Service;
  readonly home: Region;
  readonly partition: number;
}

/** `order.east.3`: how a shard is written in headers, tokens, tables and logs. */
export type ShardId = `${Service}.${string}.${number}`;

export const shardId = (shard: Shard): ShardId => `${shard.service}.${shard.home}.${shard.partition}`;

const pattern = /^(order|inventory|payment)\.([a-z][a-z0-9-]*)\.(\d{1,4})$/;

/** The shard that an id names, or undefined when the text is no shard id. */
export function parseShardId(text: string): Shard | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  return { service: match[1] as Service, home: match[2] as Region, partition: Number(match[3]) };
}

export function shardOf(text: string): Shard {
  const shard = parseShardId(text);
  assert(shard !== undefined, `not a shard id: ${text}`);
  return shard;
}
