import { runtimeTables, tablesMigration } from '#projections';

export const InventoryTables = tablesMigration('InventoryTables1763683200000', [
  ...runtimeTables,
  // Skus are compared by code units, so that both regions page in the same order whatever their locale.
  `create table product (
     sku text collate "C" primary key,
     shard text not null,
     seq bigint not null,
     name text not null,
     unit_price_minor bigint not null,
     currency text not null,
     changed_at timestamptz not null
   )`,
  `create table stock_pool (
     sku text not null,
     home text not null,
     shard text not null,
     seq bigint not null,
     available bigint not null,
     reserved bigint not null,
     shipped bigint not null,
     received bigint not null,
     adjusted bigint not null,
     sent bigint not null,
     arrived bigint not null,
     primary key (sku, home)
   ) with (fillfactor = 60)`,
  `create table reservation (
     order_id text not null,
     shard text not null,
     home text not null,
     seq bigint not null,
     status text not null,
     held jsonb not null,
     awaited jsonb not null,
     shipped jsonb not null,
     state jsonb not null,
     primary key (order_id, shard)
   ) with (fillfactor = 80)`,
]);
