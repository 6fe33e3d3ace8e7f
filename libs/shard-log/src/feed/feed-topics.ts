import { eventsTopic, shardId, topicIn, type Region, type Service, type ShardId } from '#contracts';

/** What a topic of this region's cluster carries. */
export type FeedTopic =
  | { readonly kind: 'events'; readonly topic: string; readonly partitions: number; readonly service: Service; readonly log: Region }
  | { readonly kind: 'receipts'; readonly topic: string; readonly partitions: 1; readonly by: Region }
  | { readonly kind: 'lineage'; readonly topic: string; readonly partitions: 1 };

export interface FeedScope {
  readonly here: Region;
  readonly regions: readonly Region[];
  /** P of the topology. */
  readonly partitions: number;
  readonly services: readonly Service[];
}

/** Every topic that a feed reads: the logs of its services and the receipts, own and mirrored, and the local lineage. */
export const feedTopics = ({ here, regions, partitions, services }: FeedScope): readonly FeedTopic[] => [
  ...services.flatMap((service) =>
    regions.map((log): FeedTopic => ({ kind: 'events', topic: topicIn(here, log, eventsTopic(service)), partitions, service, log })),
  ),
  ...regions.map((by): FeedTopic => ({ kind: 'receipts', topic: topicIn(here, by, 'receipts'), partitions: 1, by })),
  { kind: 'lineage', topic: 'lineage', partitions: 1 },
];

/** Every shard that those logs can hold: any region may be a home. */
export const feedShards = ({ regions, partitions, services }: FeedScope): readonly ShardId[] =>
  services.flatMap((service) =>
    regions.flatMap((home) => Array.from({ length: partitions }, (_, partition) => shardId({ service, home, partition }))),
  );
