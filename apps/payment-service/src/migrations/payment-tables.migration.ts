import { runtimeTables, tablesMigration } from '#projections';

export const PaymentTables = tablesMigration('PaymentTables1763683200000', [
  ...runtimeTables,
  `create table payment (
     order_id text primary key,
     shard text not null,
     seq bigint not null,
     customer_id text not null,
     currency text not null,
     status text not null,
     requested_minor bigint not null,
     authorized_minor bigint not null,
     captured_minor bigint not null,
     refunded_minor bigint not null,
     captures_outstanding int not null,
     refunds_outstanding int not null,
     captures_refused int not null,
     refunds_refused int not null,
     void_requested boolean not null,
     decline_reason text,
     requested_at timestamptz not null
   ) with (fillfactor = 70)`,
]);
