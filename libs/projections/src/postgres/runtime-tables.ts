/**
 * Tables that every projector's schema has beside its projections. In the order in which they are created, so that a service's
 * first migration runs them as they are.
 */
export const runtimeTables: readonly string[] = [
  // One row per projector. `version` is compared and set by every transaction: two projectors at once cannot both go on.
  `create table feed_checkpoint (
     name text primary key,
     version bigint not null,
     state_version int not null,
     fingerprint text not null,
     checkpoint jsonb
   )`,
  `create table shard_progress (shard text primary key, seq bigint not null) with (fillfactor = 50)`,
  `create table stream_state (
     shard text not null,
     stream_id text not null,
     seq bigint not null,
     state jsonb not null,
     primary key (shard, stream_id)
   ) with (fillfactor = 80)`,
  // Commits have the id shard:seq, the same in every region; records with unreadable headers topic:partition:offset.
  `create table parked_record (
     id text primary key,
     topic text not null,
     partition int not null,
     "offset" bigint not null,
     shard text,
     seq bigint,
     streams text[] not null,
     reason text not null,
     body text,
     status text not null check (status in ('parked', 'withheld', 'skipped', 'applied')),
     parked_at timestamptz not null default now(),
     decided_at timestamptz,
     announced_at timestamptz
   )`,
  `create index parked_record_open on parked_record (shard, seq) where status in ('parked', 'withheld')`,
  `create index parked_record_unannounced on parked_record (parked_at) where announced_at is null and status = 'parked'`,
];

/** All of them, for a rebuild: dropped and swapped together with the projections. */
export const runtimeTableNames = ['feed_checkpoint', 'shard_progress', 'stream_state', 'parked_record'] as const;
