import { eventsTopic, services, topicIn, type Region, type Service } from '#contracts';
import type { TopicPartition } from '#shard-log';

/** A topic that the agent follows: its region's own, or the mirror of another region's. */
export type SourceTopic =
  | { readonly kind: 'events'; readonly topic: string; readonly origin: Region; readonly service: Service; readonly partitions: number }
  | { readonly kind: 'receipts'; readonly topic: string; readonly origin: Region; readonly partitions: 1 };

const eventsOf = (here: Region, origin: Region, partitions: number): readonly SourceTopic[] =>
  services.map((service) => ({ kind: 'events', origin, service, topic: topicIn(here, origin, eventsTopic(service)), partitions }));

/** What this region writes receipts for: every moment that it is read later is part of an order's latency. */
export const mirroredEvents = (here: Region, regions: readonly Region[], partitions: number): readonly SourceTopic[] =>
  regions.filter((region) => region !== here).flatMap((origin) => eventsOf(here, origin, partitions));

/** What the procedures look at: own commits and closes, and what every region says that it has accepted. */
export const ownEventsAndReceipts = (here: Region, regions: readonly Region[], partitions: number): readonly SourceTopic[] => [
  ...eventsOf(here, here, partitions),
  ...regions.map((origin): SourceTopic => ({ kind: 'receipts', origin, topic: topicIn(here, origin, 'receipts'), partitions: 1 })),
];

export const partitionKey = ({ topic, partition }: TopicPartition): string => `${topic}:${partition}`;

export const partitionOfKey = (key: string): TopicPartition => {
  const colon = key.lastIndexOf(':');
  return { topic: key.slice(0, colon), partition: Number(key.slice(colon + 1)) };
};

export const isReceiptsKey = (key: string): boolean => {
  const { topic } = partitionOfKey(key);
  return topic === 'receipts' || topic.endsWith('.receipts');
};
