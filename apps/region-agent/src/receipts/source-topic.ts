import { eventsTopic, services, topicIn, type Region, type Service } from '#contracts';
import type { TopicPartition } from '#shard-log';

/** A topic that is read for receipts: another region's mirror, or an own one where this region was owner before. */
export interface SourceTopic {
  readonly topic: string;
  readonly origin: Region;
  readonly service: Service;
}

export const sourcesOf = (here: Region, logs: Iterable<Region>): readonly SourceTopic[] =>
  [...logs].flatMap((origin) => services.map((service) => ({ origin, service, topic: topicIn(here, origin, eventsTopic(service)) })));

export const partitionKey = ({ topic, partition }: TopicPartition): string => `${topic}:${partition}`;

export const partitionOfKey = (key: string): TopicPartition => {
  const colon = key.lastIndexOf(':');
  return { topic: key.slice(0, colon), partition: Number(key.slice(colon + 1)) };
};
