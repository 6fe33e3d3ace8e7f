import { runtimeTables, tablesMigration } from '#projections';

export const OrderTables = tablesMigration('OrderTables1763683200000', [
  ...runtimeTables,
  `create table orders (
     order_id text primary key,
     shard text not null,
     seq bigint not null,
     customer_id text not null,
     status text not null,
     currency text not null,
     total_minor bigint not null,
     surcharges jsonb not null,
     shipped_minor bigint not null,
     returned_minor bigint not null,
     units_ordered bigint not null,
     units_shipped bigint not null,
     units_returned bigint not null,
     placed_at timestamptz not null,
     confirmed_at timestamptz,
     cancelled_at timestamptz,
     cancel_reason text
   ) with (fillfactor = 80)`,
  // One index serves both lists: of a customer's few orders the status is looked at row by row.
  'create index orders_by_customer on orders (customer_id, placed_at, order_id)',
  `create table order_line (
     order_id text not null,
     line_number int not null,
     sku text not null,
     name text not null,
     quantity bigint not null,
     unit_price_minor bigint not null,
     shipped bigint not null,
     returned bigint not null,
     primary key (order_id, line_number)
   ) with (fillfactor = 80)`,
]);
