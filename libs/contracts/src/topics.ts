import type { Region } from './ids.ts';
import { services, type Service } from './shards.ts';

export type EventsTopic = `${Service}.events`;
export type CommandsTopic = `${Service}.commands`;
export type Topic = EventsTopic | CommandsTopic | 'receipts' | 'lineage' | 'parked' | 'replies' | 'region-history';

export const eventsTopic = (service: Service): EventsTopic => `${service}.events`;
export const commandsTopic = (service: Service): CommandsTopic => `${service}.commands`;

/** The topics that MirrorMaker carries to the other region, under the default replication policy's names. */
export const mirroredTopics: readonly Topic[] = [...services.map(eventsTopic), 'receipts'];

/** The name under which region `origin`'s topic stands in `cluster`'s Kafka: its own bare, a mirror prefixed. */
export const topicIn = (cluster: Region, origin: Region, topic: Topic): string => (cluster === origin ? topic : `${origin}.${topic}`);

export interface TopicSettings {
  readonly topic: Topic;
  /** `P` for the sharded topics, else 1. */
  readonly partitions: number;
  readonly config: Readonly<Record<string, string>>;
}

const day = 24 * 60 * 60 * 1000;

/** Every topic that a region's cluster must have before its services start; mirrors are created by MirrorMaker. */
export function topicsOfARegion(partitions: number): readonly TopicSettings[] {
  const forEver = { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' };
  const shortLived = { 'cleanup.policy': 'delete', 'retention.ms': String(day) };
  return [
    ...services.map((service) => ({ topic: eventsTopic(service), partitions, config: forEver })),
    ...services.map((service) => ({ topic: commandsTopic(service), partitions, config: shortLived })),
    { topic: 'receipts', partitions: 1, config: forEver },
    { topic: 'lineage', partitions: 1, config: forEver },
    { topic: 'parked', partitions: 1, config: forEver },
    { topic: 'region-history', partitions: 1, config: forEver },
    { topic: 'replies', partitions: 1, config: { ...shortLived, 'retention.ms': String(60 * 60 * 1000) } },
  ];
}
